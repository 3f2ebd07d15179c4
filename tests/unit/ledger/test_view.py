# SPDX-License-Identifier: Apache-2.0
"""What founds a network (R9), what a transaction's bytes must be (R10), and what is remembered of signatures."""

from typing import Any

import pytest

from host.genesis import GERMANY_2024, Terms
from tests.unit.ledger.judging import accept, refusal
from tools.vector_cases.ledger_world import (
    DAY,
    START,
    VERIFIER,
    World,
    genesis,
    kid_of,
    signer,
)
from wattpact.errors import RuleError
from wattpact.ledger.machine import Ledger
from wattpact.ledger.view import Parsed, Signatures
from wattpact.wire.envelope import peek_payload, sign1
from wattpact.wire.messages import SELF_NETWORK, Genesis, message_id

KEYS = {name: signer(name).public_key for name in ("issuer", "registrar", "sequencer", "witness 1")}


def founding(signed_by: str = "issuer", **change: Any) -> bytes:
    """A genesis of one witness in which `change` replaces fields."""
    fields: dict[str, Any] = {
        "network": SELF_NETWORK,
        "issuer": KEYS["issuer"],
        "registrar": KEYS["registrar"],
        "sequencer": KEYS["sequencer"],
        "witnesses": [KEYS["witness 1"]],
        "quorum": 1,
        "slot_s": 900,
        "currency": 978,
        "grid_prices": [(0, 300_000), (3600, 200_000)],
        "hurdle": 0,
        "timeouts": (7200, DAY, 7 * DAY, 60),
        "coin_nano_per_g": 80_000,
        "coin_cap_ppm": 300_000,
        "coin_life_s": DAY,
        "funder": kid_of("issuer"),
        "factors": [GERMANY_2024],
        "debt_limit_nano": 0,
        "region": "DE",
        "utc_offset_s": 0,
        "contract_slots_max": 4,
        "created_at": START,
        "name": "founding",
    }
    return sign1(Genesis(**{**fields, **change}).payload(), signer(signed_by))


def test_r9_accepts_a_genesis_signed_by_the_issuer_it_names() -> None:
    """The network's id is the first 8 bytes of its hash, which is also the first app hash."""
    envelope = founding()
    ledger = Ledger(envelope, VERIFIER)
    digest = message_id(peek_payload(envelope))
    assert (ledger.network, ledger.app_hash) == (digest[:8], digest)
    assert (ledger.height, ledger.time, ledger.tree.size) == (0, START, 0)


OFF_CURVE = b"\x04" + bytes(64)
OTHER_YEAR = ("DE", 2023, 0, 380_000, 0, "UBA")


@pytest.mark.parametrize(
    "change",
    [
        {"signed_by": "registrar"},
        {"network": b"a name!!"},
        {"issuer": OFF_CURVE},
        {"registrar": OFF_CURVE},
        {"witnesses": [KEYS["witness 1"], KEYS["witness 1"]]},
        {"quorum": 2},
        {"slot_s": 700},
        {"grid_prices": [(3600, 1), (0, 1)]},
        {"grid_prices": [(0, 1), (0, 2)]},
        {"timeouts": (7200, 7199, DAY, 60)},
        {"timeouts": (7200, DAY, DAY - 1, 60)},
        {"factors": [GERMANY_2024, GERMANY_2024]},
        {"factors": [("DE", 2024, 0, 100, 101, "")]},
        {"factors": [("DE", 2024, 1, 100, 10, "")]},
        {"region": "CN"},
    ],
    ids=str,
)
def test_r9_refuses_a_genesis_that_is_not_well_formed(change: dict[str, Any]) -> None:
    """Each of these would make a rule impossible to apply later on."""
    with pytest.raises(RuleError) as refused:
        Ledger(founding(**change), VERIFIER)
    assert refused.value.rule == 9


def test_r9_refuses_what_is_no_genesis_at_all() -> None:
    """Another message, other bytes, no bytes."""
    world = World()
    for stored in (world.offer(), b"\xd2", b""):
        with pytest.raises(RuleError) as refused:
            Ledger(stored, VERIFIER)
        assert refused.value.rule == 9


def test_timeouts_may_be_equal() -> None:
    """An end is withheld, and too late, as soon as its slots are settled: strict, but it can be applied."""
    assert Ledger(founding(timeouts=(7200, 7200, 7200, 60)), VERIFIER).height == 0


def test_factors_of_several_years_may_found_a_network() -> None:
    """Only two rows for the same region, year and boundary contradict each other."""
    assert Ledger(founding(factors=[GERMANY_2024, OTHER_YEAR]), VERIFIER).height == 0


def test_r10_accepts_a_well_formed_envelope_and_a_record_of_two(world: World) -> None:
    """One signature for everything but a contract."""
    offer = world.offer()
    accept(world, offer)
    accept(world, world.contract(offer))


def test_r10_refuses_bytes_that_are_no_message(world: World) -> None:
    """Empty, cut short, with a byte too many, or with two signatures where one belongs."""
    offer = world.offer()
    record = world.contract(offer)
    acceptance = record[-84:]
    for stored in (b"", b"\x82", offer[:-1], offer + b"\x00", b"\x82" + offer + acceptance):
        assert refusal(world, stored) == 10
    assert world.ledger.finalize(2, world.now, [b""]).ids == [b""]


def test_parsed_transactions_are_shared_and_forgotten_in_bounded_memory(world: World) -> None:
    """Two generations: what was asked for lately is there, the rest is taken apart again."""
    parsed = Parsed(most=2)
    made = [world.offer() for _ in range(5)]
    first = parsed.get(made[0])
    assert parsed.get(made[0]) is first
    for each in made[1:]:
        parsed.get(each)
    assert parsed.get(made[4]) is parsed.get(made[4])
    assert parsed.get(made[0]) is not first
    assert parsed.get(made[0]).id == first.id


class Counting:
    """Verifies for real, and counts what it was asked."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def verify(self, items: list[tuple[bytes, bytes, bytes]]) -> list[bool]:
        self.calls.append(len(items))
        return VERIFIER.verify(items)


def test_a_block_asks_the_verifier_once_and_for_nothing_that_check_has_asked() -> None:
    """Signatures are the dearest thing a ledger does."""
    world = World().enrol()
    counting = Counting()
    ledger = Ledger(world.genesis, counting)
    for _done, stored in world.blocks:
        ledger.finalize(1, world.now, stored)
        ledger.commit()
    offers = [world.offer(), world.offer("hill", panel_names=("ridge",))]
    del counting.calls[:]
    assert ledger.check(offers[0], world.now) == 0
    assert counting.calls == [1]
    contract = world.contract(offers[0])
    assert ledger.finalize(2, world.now, [*offers, contract]).codes == [0, 0, 0]
    assert counting.calls == [1, 3]


def test_a_signature_remembered_for_one_key_says_nothing_about_another() -> None:
    """The memory's answer is about key, digest and signature together."""
    signatures = Signatures(VERIFIER, most=1)
    digest = bytes(32)
    one, other = signer("ann"), signer("bob")
    made = one.sign(digest)
    assert signatures.valid(one.public_key, digest, made)
    assert signatures.known(one.public_key, digest, made)
    assert not signatures.valid(other.public_key, digest, made)
    assert not signatures.valid(one.public_key, b"\x01" * 32, made)
    for key in (one, other):
        assert signatures.valid(key.public_key, b"\x02" * 32, key.sign(b"\x02" * 32))
    assert not signatures.known(one.public_key, digest, made)


def test_terms_of_the_host_found_a_network() -> None:
    """The defaults of `host init` are well formed."""
    assert Ledger(genesis(Terms()), VERIFIER).genesis.quorum == 2
