# SPDX-License-Identifier: Apache-2.0
"""What a board accepts as the chain's head, what it refuses by name, and what it can prove from it."""

from collections.abc import Sequence
from typing import Any

import pytest

from tools.vector_cases.ledger_world import START, VERIFIER, WITNESSES, World, signer
from wattpact.crypto.hashes import sha256
from wattpact.errors import RuleError, WireError
from wattpact.ledger.light import LightClient, RewrittenHistory, StaleCheckpoint, Unproved
from wattpact.ledger.merkle import Tree
from wattpact.wire.codec import encode
from wattpact.wire.envelope import accept1, sign1
from wattpact.wire.messages import Checkpoint, message_id

FOUNDED = World()
GENESIS = FOUNDED.ledger.genesis
NETWORK = FOUNDED.network


class Chain:
    """Checkpoints over a tree, signed by whoever a test wants."""

    def __init__(self, salt: bytes = b"") -> None:
        self.tree = Tree()
        self.leaves: list[bytes] = []
        self.payloads = [b""]
        self._salt = salt

    def grow(self, count: int, **change: Any) -> "Chain":
        """A block of `count` transactions and its checkpoint."""
        for _ in range(count):
            self.leaves.append(self._salt + b"transaction %d" % len(self.leaves))
            self.tree.append(self.leaves[-1])
        height = len(self.payloads)
        last = self.payloads[-1]
        fields: dict[str, Any] = {
            "network": NETWORK,
            "height": height,
            "size": self.tree.size,
            "root": self.tree.root(),
            "app_hash": sha256(b"%d" % height),
            "time": START + height,
            "previous": message_id(last) if last else bytes(32),
        }
        self.payloads.append(Checkpoint(**{**fields, **change}).payload())
        return self

    def signed(
        self, height: int = -1, by: Sequence[str] = WITNESSES, sequencer: str = "sequencer"
    ) -> list[Any]:
        """[Sign1, [detached Sign1, ...]] of a checkpoint."""
        payload = self.payloads[height]
        return [sign1(payload, signer(sequencer)), [accept1(payload, signer(name)) for name in by]]

    def bundle(self, from_size: int, **how: Any) -> bytes:
        """Of the newest checkpoint, for a client that keeps a tree of `from_size`."""
        proof = self.tree.consistency_proof(from_size, self.tree.size)
        return encode([*self.signed(**how), from_size, proof])

    def receipt(self, index: int, **how: Any) -> bytes:
        """That transaction `index` is under the newest checkpoint."""
        proof = self.tree.inclusion_proof(index, self.tree.size)
        return encode([*self.signed(**how), index, proof, self.leaves[index]])


@pytest.fixture
def chain() -> Chain:
    """At height 1, with three transactions."""
    return Chain().grow(3)


@pytest.fixture
def client(chain: Chain) -> LightClient:
    """That has accepted it."""
    made = LightClient(GENESIS, VERIFIER)
    made.accept(chain.bundle(0))
    return made


def refused(client: LightClient, bundle: bytes) -> RuleError:
    """The error of a bundle that changes nothing."""
    before = (client.kept, client.last)
    with pytest.raises(RuleError) as error:
        client.accept(bundle)
    assert (client.kept, client.last) == before
    return error.value


def test_a_client_follows_a_chain_that_grows_in_any_steps(
    chain: Chain, client: LightClient
) -> None:
    """The next checkpoint, several at once, and blocks without transactions."""
    for blocks in ([1], [2, 0, 5], [0]):
        size = chain.tree.size
        for count in blocks:
            chain.grow(count)
        head = client.accept(chain.bundle(size))
        assert (head.size, head.root) == (chain.tree.size, chain.tree.root())
        assert client.last is head
    assert client.kept == chain.payloads[-1]


def test_blocks_of_the_same_second_follow_each_other(chain: Chain, client: LightClient) -> None:
    """Block time does not go back; it need not move."""
    chain.grow(1, time=START + 1)
    assert client.accept(chain.bundle(3)).height == 2


def test_the_same_checkpoint_again_is_no_news_and_no_fault(
    chain: Chain, client: LightClient
) -> None:
    """Retained messages come again after every reconnection."""
    assert client.accept(chain.bundle(0)).height == 1
    assert client.accept(chain.bundle(3)).height == 1


def test_the_kept_checkpoint_survives_a_restart(chain: Chain, client: LightClient) -> None:
    """As the payload that was signed."""
    back = LightClient(GENESIS, VERIFIER, client.kept)
    assert back.last is not None
    assert back.last.root == chain.tree.root()
    chain.grow(2)
    assert back.accept(chain.bundle(3)).size == 5
    with pytest.raises(WireError):
        LightClient(GENESIS, VERIFIER, b"something else")


def test_r6_accepts_the_sequencers_signature(chain: Chain) -> None:
    """Over a checkpoint of this network."""
    assert LightClient(GENESIS, VERIFIER).accept(chain.bundle(0)).network == NETWORK


def test_r6_refuses_another_signer_network_or_message(chain: Chain) -> None:
    """A witness cannot head the chain, and other bytes are no head."""
    client = LightClient(GENESIS, VERIFIER)
    assert refused(client, chain.bundle(0, sequencer="witness 1")).rule == 6
    other = Chain().grow(1, network=bytes(8))
    assert refused(client, other.bundle(0)).rule == 6
    message = FOUNDED.revoke("ann", signed_by="sequencer")
    assert refused(client, encode([message, [], 0, []])).rule == 6


def test_r7_accepts_a_quorum_of_different_witnesses(chain: Chain) -> None:
    """In any order."""
    client = LightClient(GENESIS, VERIFIER)
    assert client.accept(chain.bundle(0, by=WITNESSES[::-1])).height == 1


@pytest.mark.parametrize(
    "by",
    [
        [],
        ["witness 1"],
        ["witness 1", "witness 1"],
        ["witness 1", "stranger"],
        ["witness 1", "witness 2", "stranger"],
        ["witness 1", "sequencer"],
    ],
    ids=str,
)
def test_r7_refuses_too_few_witnesses_or_anybody_beside_them(chain: Chain, by: list[str]) -> None:
    """No signature may stand there that is not a witness's own, once."""
    assert refused(LightClient(GENESIS, VERIFIER), chain.bundle(0, by=by)).rule == 7


def test_r7_refuses_a_witness_that_signed_another_checkpoint(chain: Chain) -> None:
    """Its signature is real, and not of this."""
    other = Chain(b"other ").grow(3)
    sign, _mine = chain.signed()
    _theirs, acceptances = other.signed()
    bundle = encode([sign, acceptances, 0, []])
    assert refused(LightClient(GENESIS, VERIFIER), bundle).rule == 7


def test_a_rewritten_history_is_noticed(chain: Chain, client: LightClient) -> None:
    """All signatures are there, but no proof leads from the old tree to the new one: the old one stays."""
    rewritten = Chain(b"other ").grow(3).grow(2)
    rewritten.grow(1)
    error = refused(client, rewritten.bundle(3))
    assert isinstance(error, Unproved)
    assert error.rule == 4


def test_a_fork_is_noticed_at_the_same_height_and_at_the_next(
    chain: Chain, client: LightClient
) -> None:
    """Two checkpoints of one height, or one that follows another than mine, even if the tree is the same."""
    assert isinstance(refused(client, Chain(b"other ").grow(3).bundle(0)), RewrittenHistory)
    fork = Chain().grow(3, app_hash=bytes(32)).grow(0)
    assert isinstance(refused(client, fork.bundle(3)), RewrittenHistory)


@pytest.mark.parametrize("change", [{"size": 2}, {"time": START}], ids=str)
def test_size_and_time_never_go_back(
    chain: Chain, client: LightClient, change: dict[str, int]
) -> None:
    """Whatever the signatures say."""
    chain.grow(0).grow(0, **change)
    assert isinstance(refused(client, chain.bundle(3)), RewrittenHistory)


def test_an_older_checkpoint_is_stale_and_harmless(chain: Chain, client: LightClient) -> None:
    """A slow network delivers out of order."""
    chain.grow(2)
    client.accept(chain.bundle(3))
    old = Chain().grow(3)
    error = refused(client, old.bundle(0))
    assert isinstance(error, StaleCheckpoint)
    assert error.rule == 1


def test_a_proof_from_another_size_is_asked_for_again(chain: Chain, client: LightClient) -> None:
    """It says nothing about the kept tree."""
    chain.grow(2)
    assert isinstance(refused(client, chain.bundle(0)), Unproved)
    assert client.accept(chain.bundle(3)).size == 5


def test_a_spoiled_proof_proves_nothing(chain: Chain, client: LightClient) -> None:
    """A relay cannot make the client move, only wait."""
    chain.grow(4)
    sign, acceptances = chain.signed()
    proof = chain.tree.consistency_proof(3, 7)
    for wrong in ([], proof[:-1], [bytes(32)] * len(proof), [b""] * len(proof)):
        error = refused(client, encode([sign, acceptances, 3, wrong]))
        assert isinstance(error, Unproved)


@pytest.mark.parametrize(
    "bundle",
    [
        b"",
        b"\xff",
        encode([]),
        encode({0: 1}),
        encode([b"", [], 0]),
        encode([b"", [], 0, [], 0]),
        encode([b"", [1], 0, []]),
        encode([b"", [], True, []]),
        encode(["", [], 0, []]),
        encode([b"", [], 0, [[]]]),
        encode([b"x" * 8200, [], 0, []]),
    ],
    ids=range(11),
)
def test_bytes_that_are_no_bundle_are_the_senders_fault(bundle: bytes) -> None:
    """WireError, and nothing is kept."""
    client = LightClient(GENESIS, VERIFIER)
    with pytest.raises(WireError):
        client.accept(bundle)
    with pytest.raises(WireError):
        client.check_receipt(bundle)
    assert (client.last, client.kept) == (None, b"")


def test_a_receipt_proves_that_a_transaction_is_recorded(chain: Chain, client: LightClient) -> None:
    """Under the kept checkpoint, or under any other that a quorum signed; what is kept stays."""
    for index in range(3):
        assert client.check_receipt(chain.receipt(index)) == chain.leaves[index]
    chain.grow(9)
    kept = client.kept
    assert client.check_receipt(chain.receipt(11)) == chain.leaves[11]
    assert client.kept == kept
    assert LightClient(GENESIS, VERIFIER).check_receipt(chain.receipt(0)) == chain.leaves[0]


def test_a_receipt_that_proves_something_else_is_refused(chain: Chain, client: LightClient) -> None:
    """Another transaction, another place, no signatures, or a checkpoint beside the kept one."""
    sign, acceptances = chain.signed()
    proof = chain.tree.inclusion_proof(1, 3)
    for index, leaf in ((0, chain.leaves[1]), (1, chain.leaves[0]), (3, chain.leaves[1])):
        with pytest.raises(Unproved):
            client.check_receipt(encode([sign, acceptances, index, proof, leaf]))
    with pytest.raises(RuleError) as error:
        client.check_receipt(chain.receipt(0, by=["witness 1"]))
    assert error.value.rule == 7
    with pytest.raises(RewrittenHistory):
        client.check_receipt(Chain(b"other ").grow(3).receipt(0))
