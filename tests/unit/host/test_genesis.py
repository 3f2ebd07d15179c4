# SPDX-License-Identifier: Apache-2.0
"""A founded network is well formed, signed by its issuer, and has the terms it should have by default."""

import hashlib

import pytest

from host.genesis import Roles, Terms, found
from host.keys import OpensslSigner, OpensslVerifier
from wattpact.crypto.hashes import kid
from wattpact.errors import WireError
from wattpact.units import money_nano
from wattpact.wire.envelope import open1
from wattpact.wire.messages import SELF_NETWORK, Genesis, parse_as


def signer(name: str) -> OpensslSigner:
    return OpensslSigner(hashlib.sha256(name.encode()).digest())


ISSUER = signer("issuer")
ROLES = Roles(
    signer("registrar").public_key,
    signer("sequencer").public_key,
    [signer("witness 1").public_key, signer("witness 2").public_key],
    2,
)


def genesis(terms: Terms | None = None) -> Genesis:
    data = found(ISSUER, ROLES, 1_700_000_000, "test", terms)
    return parse_as(Genesis, open1(data, ISSUER.public_key, OpensslVerifier()))


def test_the_issuer_signs_the_genesis_and_funds_the_coins() -> None:
    """Keys stand where the ledger looks for them."""
    made = genesis()
    assert made.network == SELF_NETWORK
    assert (made.issuer, made.funder) == (ISSUER.public_key, kid(ISSUER.public_key))
    assert (made.registrar, made.sequencer) == (ROLES.registrar, ROLES.sequencer)
    assert (made.witnesses, made.quorum) == (list(ROLES.witnesses), 2)


def test_the_default_terms_are_those_of_a_german_community() -> None:
    """15-minute slots, euros, 80 EUR per tonne, contracts of at most an hour, UBA's factor."""
    made = genesis()
    assert (made.slot_s, made.currency, made.region) == (900, 978, "DE")
    assert made.contract_slots_max * made.slot_s == 3600
    assert made.timeouts == (7200, 86400, 604800, 60)
    tonne_g, euro_nano = 1_000_000, 10**9
    assert made.coin_nano_per_g * tonne_g == 80 * euro_nano
    assert made.debt_limit_nano == 10_000 * euro_nano
    assert made.factors[0][:5] == ("DE", 2024, 0, 363_000, 0)
    assert "UBA" in made.factors[0][5]


def test_the_default_grid_price_follows_the_local_time_of_day() -> None:
    """At 05:30 UTC it is 06:30 in the network's time: the day rate holds."""
    made = genesis()
    night, day = made.grid_price(4 * 3600), made.grid_price(5 * 3600 + 1800)
    assert night < day
    assert money_nano(day, 1000) == 380_000_000  # 0.38 EUR for a kilowatt-hour


def test_terms_can_be_chosen() -> None:
    """Another currency and slot."""
    made = genesis(Terms(slot_s=3600, currency=156, contract_slots_max=1))
    assert (made.slot_s, made.currency, made.contract_slots_max) == (3600, 156, 1)


@pytest.mark.parametrize("quorum", [0, 3])
def test_a_quorum_that_can_never_be_met_is_refused(quorum: int) -> None:
    """Our own mistake, found before a network exists."""
    roles = Roles(ROLES.registrar, ROLES.sequencer, ROLES.witnesses, quorum)
    with pytest.raises(ValueError, match="quorum"):
        found(ISSUER, roles, 0, "test")


def test_the_same_witness_twice_is_no_quorum_of_two() -> None:
    """A quorum counts different keys."""
    one = ROLES.witnesses[0]
    with pytest.raises(ValueError, match="quorum"):
        found(ISSUER, Roles(ROLES.registrar, ROLES.sequencer, [one, one], 2), 0, "test")


def test_terms_out_of_their_limits_are_refused() -> None:
    """The message's own limits hold when it is made."""
    with pytest.raises(WireError, match="slot_s"):
        genesis(Terms(slot_s=10))
