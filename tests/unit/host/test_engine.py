# SPDX-License-Identifier: Apache-2.0
"""The embedded engine: what gets into a block, who is told, what stops one, and going on after a stop."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.engine import BLOCK_TRANSACTIONS_MAX, PATIENCE_S, EmbeddedEngine
from host.errors import BlockStopped, ChainFileError
from host.genesis import Roles, found
from host.registry import Member, Registrar
from host.store import ChainStore
from host.verify import verify
from host.witness import Witness
from tests.unit.host.town import (
    ROLES,
    SLOT,
    START,
    VERIFIER,
    HandClock,
    Town,
    kid_of,
    named,
    signer,
    trading_day,
)
from wattpact.errors import RuleError
from wattpact.ledger.light import LightClient, RewrittenHistory
from wattpact.wire.envelope import peek_payload, sign1
from wattpact.wire.messages import message_id


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path / "chain.db")
    yield town
    town.close()


def test_accepted_transactions_make_a_block_and_their_senders_are_told(town: Town) -> None:
    """The block holds exactly what was accepted, and is on disk when the result is there."""
    first, second = town.enrol("anna"), town.enrol("ben")
    result = town.step(START)
    assert (result.height, result.committed, result.waiting) == (1, True, 0)
    assert [(each.id, each.senders) for each in result.stored] == [
        (first, [kid_of("registrar")]),
        (second, [kid_of("registrar")]),
    ]
    head = town.store.head()
    assert head
    assert (head.height, head.size, head.app_hash) == (1, 2, town.ledger.app_hash)
    assert list(town.store.envelopes()) == list(result.transactions)


def test_a_refused_transaction_leaves_no_trace_and_only_its_sender_is_told(town: Town) -> None:
    """Its rule is named; the block is the one that would have been without it."""
    town.enrol("anna")
    stranger = town.send("stranger", town.offer("stranger", START + SLOT, seq=1))
    result = town.step(START)
    assert [(each.id, each.rule, each.senders) for each in result.refused] == [
        (stranger, 12, [kid_of("stranger")])
    ]
    assert len(result.transactions) == town.ledger.tree.size == 1
    assert verify(town.path, VERIFIER).app_hash == town.ledger.app_hash


def test_a_forged_copy_of_a_message_is_refused_to_the_forger_alone(town: Town) -> None:
    """The same message under a wrong signature has the same id: the true sender must not hear a no."""
    town.enrol("sunny", plant="sunny", meter=False)
    town.step(START)
    offer = town.offer("sunny", START + SLOT, seq=1)
    true = sign1(offer.payload(), signer("sunny"))
    forged = true[:-1] + bytes([true[-1] ^ 1])
    town.submit("stranger", forged)
    offer_id = town.submit("sunny", true)
    result = town.step(START + 1)
    assert [(each.id, each.senders) for each in result.stored] == [(offer_id, [kid_of("sunny")])]
    assert [(each.id, each.rule, each.senders) for each in result.refused] == [
        (offer_id, 14, [kid_of("stranger")])
    ]


def test_what_is_recorded_already_is_answered_as_stored_without_a_block(town: Town) -> None:
    """A lost STORED costs a repetition, no block and no refusal."""
    town.enrol("anna")
    (recorded,) = town.step(START).transactions
    message_id_ = town.submit("registrar", recorded)
    result = town.step(START + 60)
    assert (result.height, result.committed, result.bundle) == (1, False, None)
    assert [each.id for each in result.stored] == [message_id_]
    assert not result.refused


def test_no_block_is_made_of_nothing_unless_something_falls_due(town: Town) -> None:
    """Settlement, expiry and the end of coins come by themselves."""
    assert town.step(START).committed is False
    town.enrol("anna")
    town.enrol("sunny", plant="sunny", meter=False)
    town.step(START)
    offer = town.offer("sunny", START + SLOT, seq=1)
    town.send("sunny", offer)
    town.step(START + 1)
    town.trade("anna", "sunny", offer, START + SLOT, [100])
    town.step(START + 2)
    due_at = town.ledger.due_at()
    assert due_at
    assert town.step(due_at - 1).committed is False
    result = town.step(due_at)
    assert (result.committed, len(result.transactions)) == (True, 0)
    assert town.step(due_at).committed is False


def test_both_parties_of_a_contract_are_told_once(town: Town) -> None:
    """Either party may submit; a record is one transaction."""
    town.enrol("anna")
    town.enrol("sunny", plant="sunny", meter=False)
    offer = town.offer("sunny", START + SLOT, seq=1)
    town.send("sunny", offer)
    contract_id = town.trade("anna", "sunny", offer, START + SLOT, [100])
    result = town.step(START)
    assert len(result.transactions) == 4
    assert (result.stored[-1].id, result.stored[-1].senders) == (
        contract_id,
        [kid_of("anna"), kid_of("sunny")],
    )


def test_both_parties_hear_of_a_contract_that_one_submitted(town: Town) -> None:
    """The other may hold it in its outbox as well, and need not send it."""
    town.enrol("anna")
    town.enrol("sunny", plant="sunny", meter=False)
    offer = town.offer("sunny", START + SLOT, seq=1)
    town.send("sunny", offer)
    _id, record = town.contract("anna", "sunny", offer, START + SLOT, [100])
    town.submit("sunny", record)
    assert town.step(START).stored[-1].senders == [kid_of("sunny"), kid_of("anna")]


def test_a_spoiled_acceptance_is_refused_to_who_sent_it_and_not_to_the_meter(town: Town) -> None:
    """R40 says nothing of the meter's proposal: the true record may still come."""
    town.enrol("anna")
    town.enrol("sunny", plant="sunny", meter=False)
    offer = town.offer("sunny", START + SLOT, seq=1)
    town.send("sunny", offer)
    contract_id, record = town.contract("anna", "sunny", offer, START + SLOT, [100])
    town.submit("sunny", record[:-1] + bytes([record[-1] ^ 1]))
    result = town.step(START)
    assert [(each.id, each.rule, each.senders) for each in result.refused] == [
        (contract_id, 40, [kid_of("sunny")])
    ]
    town.submit("sunny", record)
    assert town.step(START + 1).stored[0].id == contract_id


def test_what_arrives_before_what_it_needs_waits_for_it(town: Town) -> None:
    """A contract that overtakes its offer is recorded once the offer is there."""
    town.enrol("anna")
    town.enrol("sunny", plant="sunny", meter=False)
    offer = town.offer("sunny", START + 2 * SLOT, seq=1)
    contract_id = town.trade("anna", "sunny", offer, START + 2 * SLOT, [100])
    result = town.step(START)
    assert (result.waiting, result.refused) == (1, [])
    town.send("sunny", offer)
    town.step(START + 1)
    result = town.step(START + 2)
    assert [each.id for each in result.stored] == [contract_id]
    assert town.ledger.contract(contract_id)


def test_what_waits_in_vain_is_refused_in_the_end(town: Town) -> None:
    """Patience is bounded, so the mempool is."""
    town.enrol("anna")
    town.enrol("sunny", plant="sunny", meter=False)
    offer = town.offer("sunny", START + 9 * SLOT, seq=1)
    contract_id = town.trade("anna", "sunny", offer, START + 9 * SLOT, [100])
    town.step(START)
    assert not town.step(START + PATIENCE_S - 1).refused
    result = town.step(START + PATIENCE_S)
    assert [(each.id, each.rule) for each in result.refused] == [(contract_id, 41)]
    assert result.waiting == 0


def test_a_block_is_bounded_and_the_rest_waits_for_the_next(town: Town) -> None:
    """In the order of arrival."""
    ids = [
        town.submit("registrar", town.registrar.register(member, START))
        for member in [
            Member(signer("home %d" % number).public_key, named("o"), 0)
            for number in range(BLOCK_TRANSACTIONS_MAX + 1)
        ]
    ]
    result = town.step(START)
    assert (len(result.transactions), result.waiting) == (BLOCK_TRANSACTIONS_MAX, 1)
    assert [each.id for each in town.step(START).stored] == ids[-1:]


def test_a_witness_whose_clock_is_elsewhere_stops_the_block_and_nothing_is_committed(
    town: Town,
) -> None:
    """R3. Everything waits on, and the next block goes through when the clocks agree."""
    message_id_ = town.enrol("anna")
    town.clock.time = START + 61
    with pytest.raises(BlockStopped, match=r"height 1: R3 .*61 s.*nothing was committed") as stop:
        town.engine.make_block(START)
    assert (stop.value.rule, town.ledger.height, town.store.head()) == (3, 0, None)
    assert [each.replica.ledger.height for each in town.witnesses] == [0, 0]
    result = town.step(START)
    assert [each.id for each in result.stored] == [message_id_]


def test_time_never_goes_back(town: Town) -> None:
    """R2; what waits stays."""
    town.enrol("anna")
    town.step(START + 10)
    town.enrol("ben")
    town.clock.time = START + 9
    with pytest.raises(BlockStopped, match="R2"):
        town.engine.make_block(START + 9)
    assert len(town.step(START + 10).stored) == 1


def test_a_block_that_finds_no_room_on_the_disk_is_seen_by_nobody(town: Town) -> None:
    """The file may grow no further: an error, no state, no result; with room again the same block is made."""
    pages = town.store._connection.execute("PRAGMA page_count").fetchone()[0]
    town.store._connection.execute("PRAGMA max_page_count = %d" % pages)
    for number in range(100):
        town.enrol("home %d" % number)
    with pytest.raises(ChainFileError, match="block 1: database or disk is full"):
        town.step(START)
    assert (town.ledger.height, town.store.head()) == (0, None)
    town.store._connection.execute("PRAGMA max_page_count = 100000")
    assert len(town.step(START).stored) == 100
    assert verify(town.path, VERIFIER).app_hash == town.ledger.app_hash


def test_replicas_agree_after_a_day_of_trade(town: Town) -> None:
    """Sequencer, both witnesses and a verifier that starts from nothing."""
    trading_day(town)
    hashes = {each.replica.ledger.app_hash for each in town.witnesses}
    hashes |= {town.ledger.app_hash, verify(town.path, VERIFIER).app_hash}
    assert len(hashes) == 1


def test_a_reopened_chain_goes_on_as_if_nothing_had_been(town: Town, tmp_path: Path) -> None:
    """Closed and opened between two blocks: the same answers, the same next block."""
    town.enrol("anna")
    town.enrol("sunny", plant="sunny", meter=False)
    town.step(START)
    town.close()
    shutil.copy(town.path, tmp_path / "copy.db")
    hashes: list[bytes] = []
    for path in (town.path, tmp_path / "copy.db"):
        again = Town(path)
        assert again.engine.bundle(0)
        again.send("sunny", again.offer("sunny", START + SLOT, seq=1))
        again.step(START + 1)
        hashes.append(again.ledger.app_hash)
        assert again.ledger.tree.size == 3
        again.close()
        assert verify(path, VERIFIER).height == 2
    assert hashes[0] == hashes[1]


def test_a_chain_whose_host_was_killed_goes_on_from_its_last_block(
    town: Town, tmp_path: Path
) -> None:
    """The file and its log as they lie there while the host runs, opened by another host."""
    trading_day(town)
    for name in ("chain.db", "chain.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / name.replace("chain", "left"))
    left = Town(tmp_path / "left.db")
    assert (left.ledger.height, left.ledger.app_hash) == (10, town.ledger.app_hash)
    assert list(left.ledger.rows()) == list(town.ledger.rows())
    left.close()


def test_a_light_client_follows_from_bundle_to_bundle(town: Town) -> None:
    """Every result's bundle proves that the history the client knows only grew."""
    client = LightClient(town.ledger.genesis, VERIFIER)
    for number, name in enumerate(("anna", "ben", "clara")):
        town.enrol(name)
        result = town.step(START + number)
        assert result.bundle
        assert client.accept(result.bundle).height == number + 1
    late = LightClient(town.ledger.genesis, VERIFIER)
    assert late.accept(town.engine.bundle(0)).size == 3


def test_a_light_client_that_missed_blocks_gets_a_proof_from_where_it_stands(town: Town) -> None:
    """`bundle` starts at any size; another history is noticed."""
    client = LightClient(town.ledger.genesis, VERIFIER)
    town.enrol("anna")
    client.accept(town.step(START).bundle or b"")
    for number, name in enumerate(("ben", "clara")):
        town.enrol(name)
        town.step(START + 1 + number)
    assert client.accept(town.engine.bundle(1)).size == 3
    other = Town(town.path.with_name("other.db"))
    for number, name in enumerate(("mallory", "ben", "clara", "dora")):
        other.enrol(name)
        other.step(START + number)
    with pytest.raises(RewrittenHistory):
        client.accept(other.engine.bundle(3))
    other.close()


def test_there_is_no_bundle_before_the_first_block(town: Town) -> None:
    """Nothing is signed yet."""
    with pytest.raises(ValueError, match="no checkpoint"):
        town.engine.bundle(0)


def test_an_engine_needs_the_keys_that_the_genesis_names(town: Town) -> None:
    """Another sequencer, too few witnesses, witnesses of another network: refused at the start."""
    with pytest.raises(ValueError, match="sequencer"):
        EmbeddedEngine(town.store, signer("issuer"), town.witnesses, VERIFIER)
    for few in (town.witnesses[:1], town.witnesses[:1] * 2):
        with pytest.raises(ValueError, match="quorum"):
            EmbeddedEngine(town.store, signer("sequencer"), few, VERIFIER)
    elsewhere = found(signer("issuer"), ROLES, START - 3600, "another town")
    strangers = [
        Witness(elsewhere, signer(name), VERIFIER, HandClock(START))
        for name in ("witness 1", "witness 2")
    ]
    with pytest.raises(ChainFileError, match="is the chain of network"):
        EmbeddedEngine(town.store, signer("sequencer"), strangers, VERIFIER)


def test_a_quorum_is_enough_and_who_did_not_agree_does_not_sign(tmp_path: Path) -> None:
    """Two of three: one clock is wrong, the chain goes on without that signature."""
    names = ("witness 1", "witness 2", "witness 3")
    roles = Roles(ROLES.registrar, ROLES.sequencer, [signer(name).public_key for name in names], 2)
    genesis = found(signer("issuer"), roles, START - 3600, "three")
    clocks = [HandClock(START), HandClock(0), HandClock(START)]
    witnesses = [
        Witness(genesis, signer(name), VERIFIER, clock) for name, clock in zip(names, clocks)
    ]
    store = ChainStore.create(tmp_path / "three.db", genesis)
    engine = EmbeddedEngine(store, signer("sequencer"), witnesses, VERIFIER)
    member = Member(signer("anna").public_key, named("anna"), 1)
    registrar = Registrar(message_id(peek_payload(genesis))[:8], signer("registrar"))
    engine.submit(registrar.register(member, START), kid_of("registrar"))
    assert engine.make_block(START).committed
    assert [each.index for each in store.cosignatures(1)] == [0, 2]
    store.close()
    assert verify(tmp_path / "three.db", VERIFIER).height == 1


def test_bytes_that_are_no_transaction_are_refused_at_once(town: Town) -> None:
    """R10, before they cost anything."""
    with pytest.raises(RuleError, match="R10"):
        town.submit("anna", b"junk")


def test_what_a_bundle_carries_is_what_the_file_holds(town: Town) -> None:
    """Signed once, and never again for whoever asks."""
    town.enrol("anna")
    town.step(START)
    head = town.store.head()
    assert head
    assert head.checkpoint in town.engine.bundle(1)
    assert all(each.acceptance in town.engine.bundle(1) for each in town.store.cosignatures(1))
