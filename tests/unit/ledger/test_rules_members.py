# SPDX-License-Identifier: Apache-2.0
"""Any transaction (R11 to R17) and membership (R20 to R27): one case accepted and one refused for every rule."""

from typing import Any

import pytest

from host.genesis import GERMANY_2024
from tests.unit.ledger.judging import accept, refusal
from tools.vector_cases.ledger_world import (
    RATED_W,
    SERVICE,
    World,
    id_of,
    kid_of,
    named,
    signer,
)
from wattpact.wire.envelope import peek_payload, sign1
from wattpact.wire.messages import Ask, Checkpoint


def test_r11_accepts_this_network(world: World) -> None:
    """The id that the genesis gives."""
    accept(world, world.offer(network=world.network))


def test_r11_refuses_another_network(world: World) -> None:
    """A member of two networks cannot be quoted in the wrong one."""
    assert refusal(world, world.offer(network=b"another!")) == 11


def test_r12_accepts_whoever_is_registered_earlier_in_the_same_block(world: World) -> None:
    """Rules look at the block as it stands at that transaction."""
    register = world.register("lake", plant="lake", panel_names=("shore",))
    offer = world.offer("lake", panel_names=("shore",))
    assert world.run(register, offer) == [0, 0]


def test_r12_refuses_an_unknown_signer(world: World) -> None:
    """A key that nobody registered, and the genesis' keys outside their own types."""
    assert refusal(world, world.offer("stranger")) == 12
    for name in ("issuer", "registrar", "sequencer", "witness 1"):
        assert refusal(world, world.send(name, ask(world))) == 12
    assert refusal(world, world.register("eve", signed_by="issuer")) == 12


def ask(world: World) -> Ask:
    return Ask(network=world.network, nonce=bytes(8), issued_at=world.now)


def test_r13_accepts_what_was_signed_before_the_revocation(world: World, offer: bytes) -> None:
    """Earlier contracts stay: the meter may be revoked in the very next transaction."""
    contract = world.contract(offer)
    assert world.run(contract, world.revoke("ann")) == [0, 0]


def test_r13_refuses_a_revoked_signer_from_the_next_transaction_on(world: World) -> None:
    """Also within the block of the revocation."""
    offer = world.offer()
    assert world.run(world.revoke("sun"), offer) == [0, 13]
    assert refusal(world, offer) == 13


def test_r14_accepts_a_signature_of_the_named_key(world: World) -> None:
    """Whoever sends it."""
    accept(world, world.revoke("ann"))


def test_r14_refuses_a_signature_that_does_not_verify(world: World) -> None:
    """One bit of it, or of what it signs; and a signature by another key under this key's name."""
    offer = world.offer()
    flipped = bytearray(offer)
    flipped[-40] ^= 1
    assert refusal(world, bytes(flipped)) == 14
    forged = world.send("bob", ask(world))
    assert refusal(world, forged.replace(kid_of("bob"), kid_of("ann"))) == 14


def test_r15_accepts_both_roles_of_a_prosumer(world: World) -> None:
    """One key, two roles."""
    accept(world, world.offer("roof", panel_names=("tiles",)))
    offer = world.offer()
    accept(world, offer)
    accept(world, world.contract(offer, "roof"))


def test_r15_refuses_a_role_that_the_type_does_not_demand(world: World, offer: bytes) -> None:
    """A meter offers nothing, a plant buys nothing, and nobody but issuer and registrar does their part."""
    assert refusal(world, world.offer("ann", plant_id=named("sun"))) == 15
    assert refusal(world, world.contract(offer, "sun", plant="hill")) == 15
    assert refusal(world, world.factors(GERMANY_2024, signed_by="ann")) == 15
    assert refusal(world, world.register("eve", signed_by="sun")) == 15
    assert refusal(world, world.revoke("ann", signed_by="ann")) == 15


def test_r16_accepts_equal_terms_in_a_new_message(world: World, offer: bytes) -> None:
    """What differs is the nonce, and with it the id."""
    accept(world, world.contract(offer, "ann"))
    accept(world, world.contract(offer, "bob"))


def test_r16_refuses_a_record_repeated_in_any_envelope(world: World, offer: bytes) -> None:
    """Submission is idempotent: the id is the payload's, so another signature of it is no other transaction."""
    contract = world.contract(offer)
    assert world.run(contract, contract) == [0, 16]
    assert refusal(world, contract) == 16
    alone = contract[1:-84]
    assert refusal(world, alone) == 16
    assert refusal(world, offer) == 16


def test_r17_accepts_every_type_that_changes_the_state(world: World, offer: bytes) -> None:
    """Eight types; this world has seen three of them, and here come the others."""
    contract = world.contract(offer)
    accept(world, contract)
    accept(world, world.factors(("DE", 2020, 0, 400_000, 0, "")))
    accept(world, world.revoke("bob"))


def test_r17_refuses_a_message_between_nodes(world: World) -> None:
    """A question, or a checkpoint under a meter's key, is no transaction."""
    assert refusal(world, world.send("ann", ask(world))) == 17
    checkpoint = Checkpoint(
        network=world.network,
        height=1,
        size=1,
        root=bytes(32),
        app_hash=bytes(32),
        time=world.now,
        previous=bytes(32),
    )
    assert refusal(world, world.send("ann", checkpoint)) == 17


def test_r20_accepts_a_new_key_on_the_curve(world: World) -> None:
    """It may act at once, under the kid that follows from it."""
    accept(world, world.register("eve"))
    node = world.ledger.node(kid_of("eve"))
    assert node is not None
    assert (node.public_key, node.owner) == (signer("eve").public_key, named("owner eve"))


@pytest.mark.parametrize(
    "public_key",
    [signer("ann").public_key, b"\x04" + bytes(64)]
    + [signer(name).public_key for name in ("issuer", "registrar", "sequencer", "witness 2")],
    ids=["registered", "off the curve", "issuer", "registrar", "sequencer", "witness"],
)
def test_r20_refuses_a_key_that_is_taken_or_none(world: World, public_key: bytes) -> None:
    """Registered, even if revoked since; the genesis'; not on P-256."""
    world.record(world.revoke("ann"))
    assert refusal(world, world.register("eve", public_key=public_key)) == 20


def test_r21_accepts_one_role_or_both(world: World) -> None:
    """Meter, plant, or prosumer."""
    for name, plant, meter in (("eve", "", True), ("lake", "lake", False), ("pier", "pier", True)):
        panels = (plant + " panel",) if plant else ()
        accept(world, world.register(name, plant=plant, panel_names=panels, meter=meter))


@pytest.mark.parametrize("roles", [[2, 1], [1, 1], [2, 2]])
def test_r21_refuses_roles_out_of_order_or_twice(world: World, roles: list[int]) -> None:
    """One set of roles, one encoding."""
    assert refusal(world, world.register("lake", "lake", ("shore",), roles=roles)) == 21


def test_r22_accepts_a_plant_described_to_its_limits(world: World) -> None:
    """The preset is what the rating yields in a slot; a window may be empty, for a month without service."""
    panels = [(named("shore"), RATED_W, RATED_W // 4)]
    service = [(0, 0), *SERVICE[1:-1], (0, 86_400)]
    accept(world, world.register("lake", "lake", panels=panels, service=service))


@pytest.mark.parametrize(
    "change",
    [
        {"plant_id": b""},
        {"panels": []},
        {"panels": [(named("shore"), RATED_W, 0), (named("shore"), RATED_W, 1)]},
        {"panels": [(named("shore"), RATED_W, RATED_W // 4 + 1)]},
        {"service": []},
        {"service": SERVICE[:11]},
        {"service": [*SERVICE[:11], (2, 1)]},
        {"roles": [1]},
        {"roles": [1], "plant_id": b""},
        {"roles": [1], "plant_id": b"", "panels": []},
    ],
    ids=str,
)
def test_r22_refuses_a_plant_that_is_not_wholly_described(
    world: World, change: dict[str, Any]
) -> None:
    """And a description without the role."""
    fields: dict[str, Any] = {"panels": [(named("shore"), RATED_W, 100)]} | change
    message = world.register("lake", "lake", **fields)
    assert refusal(world, message) == 22


def moved(world: World, name: str, **change: Any) -> bytes:
    """Another key for plant `sun`, of the owner that is the first word of `name`."""
    return world.register(name, "sun", ("south", "west"), meter=False, **change)


def test_r23_accepts_a_new_key_of_the_same_owner_after_revocation(world: World) -> None:
    """The plant's operator changed its board: same id, same panels, and offers go on with higher numbers."""
    world.record(world.offer(seq=7), world.revoke("sun"))
    world.now += 1000
    accept(world, moved(world, "sun 2"))
    plant = world.ledger.plant(named("sun"))
    assert plant is not None
    assert plant.kid == kid_of("sun 2")
    message = world.offer("sun 2", plant_id=named("sun"), seq=6)
    assert refusal(world, message) == 31


def test_r23_refuses_a_plant_id_that_somebody_holds(world: World) -> None:
    """The same owner while the former key holds; another owner at any time."""
    assert refusal(world, moved(world, "sun 2")) == 23
    world.record(world.revoke("sun"))
    assert refusal(world, moved(world, "thief")) == 23


def test_r24_accepts_a_panel_that_moves_with_its_plant_and_keeps_its_age(world: World) -> None:
    """The record of a panel is judged since it was first seen, whatever key it has now."""
    seen = world.ledger.panel(named("south"))
    world.record(world.revoke("sun"))
    world.now += 1000
    accept(world, moved(world, "sun 2", panels=[(named("south"), RATED_W, 200)]))
    panel = world.ledger.panel(named("south"))
    assert seen is not None
    assert panel is not None
    assert (panel.first_seen, panel.preset_wh) == (seen.first_seen, 200)
    new = world.register("lake", plant="lake", panel_names=("shore",))
    accept(world, new)
    shore = world.ledger.panel(named("shore"))
    assert shore is not None
    assert shore.first_seen == world.now


def test_r24_refuses_a_panel_of_another_plant_or_another_rating(world: World) -> None:
    """A bad record cannot be shaken off by giving the panel to somebody else."""
    assert refusal(world, world.register("lake", plant="lake", panel_names=("south",))) == 24
    world.record(world.revoke("sun"))
    other = [(named("south"), RATED_W + 1, 100)]
    assert refusal(world, moved(world, "sun 2", panels=other)) == 24


def test_r25_accepts_the_revocation_of_a_key_that_holds(world: World) -> None:
    """The height is kept."""
    accept(world, world.revoke("ann"))
    node = world.ledger.node(kid_of("ann"))
    assert node is not None
    assert node.revoked == world.ledger.height


def test_r25_refuses_a_key_that_is_unknown_or_revoked(world: World) -> None:
    """The genesis' keys are not members either."""
    world.record(world.revoke("ann"))
    world.now += 1
    for name in ("ann", "stranger", "issuer"):
        assert refusal(world, world.revoke(name)) == 25


def test_r27_accepts_rows_that_are_new(world: World) -> None:
    """Another year, another region, another boundary; a device may emit as much as the grid."""
    rows = [("DE", 2025, 0, 1, 1, ""), ("FR", 2024, 0, 2, 1, ""), ("DE", 2024, 1, 3, 2, "")]
    accept(world, world.factors(*rows))


@pytest.mark.parametrize(
    "rows",
    [
        [GERMANY_2024],
        [("DE", 2024, 0, 1, 0, "")],
        [("DE", 2025, 0, 1, 0, ""), ("DE", 2025, 0, 2, 0, "")],
        [("DE", 2025, 0, 1, 2, "")],
        [("FR", 2023, 0, 9, 1, "")],
    ],
    ids=str,
)
def test_r27_refuses_rows_that_are_there_or_make_no_sense(
    world: World, rows: list[tuple[str, int, int, int, int, str]]
) -> None:
    """What a year's factor is can be said once; a device above the grid would earn negative coins."""
    world.record(world.factors(("FR", 2023, 0, 1, 0, "")))
    assert refusal(world, world.factors(*rows)) == 27


def test_the_first_rule_broken_is_the_one_named(world: World) -> None:
    """An envelope wrong in many ways: each repair shows the next number."""
    message = world.register("sun", roles=[2, 1], network=b"another!")
    assert refusal(world, message) == 11
    assert refusal(world, world.register("sun", roles=[2, 1], signed_by="eve")) == 12
    assert refusal(world, world.register("sun", roles=[2, 1], signed_by="ann")) == 15
    assert refusal(world, world.register("sun", roles=[2, 1])) == 20
    assert refusal(world, world.register("eve", roles=[2, 1])) == 21


def test_a_high_s_twin_of_a_signature_is_no_second_transaction(world: World) -> None:
    """The envelope's layout refuses it before any rule about trade."""
    offer = world.offer()
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    twin = (order - int.from_bytes(offer[-32:], "big")).to_bytes(32, "big")
    assert refusal(world, offer[:-32] + twin) == 10
    again = sign1(peek_payload(offer), signer("sun"))
    accept(world, offer)
    assert id_of(again) == id_of(offer)
    assert refusal(world, again) == 16
