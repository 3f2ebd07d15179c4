# SPDX-License-Identifier: Apache-2.0
"""The registrar's messages say exactly what the description said."""

import hashlib

import pytest

from host.keys import OpensslSigner, OpensslVerifier
from host.registry import Member, Plant, Registrar
from wattpact.errors import WireError
from wattpact.wire.envelope import open1
from wattpact.wire.messages import ROLE_METER, ROLE_PLANT, Register, Revoke, parse_as

REGISTRAR = OpensslSigner(hashlib.sha256(b"registrar").digest())
NODE = OpensslSigner(hashlib.sha256(b"node").digest())
NETWORK = b"networkA"
PLANT = Plant(b"plant..1", [(b"panel..1", 5000, 100)], [(6 * 3600, 20 * 3600)] * 12)


def opened(data: bytes) -> bytes:
    return open1(data, REGISTRAR.public_key, OpensslVerifier())


def test_a_meter_is_registered_without_anything_of_a_plant() -> None:
    """R22 wants plant fields if and only if the role is held."""
    member = Member(NODE.public_key, b"owner..1", 7)
    found = parse_as(Register, opened(Registrar(NETWORK, REGISTRAR).register(member, 1000)))
    assert (found.network, found.public_key, found.owner) == (NETWORK, NODE.public_key, b"owner..1")
    assert (found.roles, found.neighbourhood, found.issued_at) == ([ROLE_METER], 7, 1000)
    assert (found.plant_id, found.panels, found.service) == (b"", [], [])


def test_a_prosumer_holds_both_roles_in_ascending_order() -> None:
    """R21."""
    member = Member(NODE.public_key, b"owner..1", 7, plant=PLANT)
    found = parse_as(Register, opened(Registrar(NETWORK, REGISTRAR).register(member, 1000)))
    assert found.roles == [ROLE_METER, ROLE_PLANT]
    assert (found.plant_id, found.panels) == (b"plant..1", [(b"panel..1", 5000, 100)])
    assert found.service == [(6 * 3600, 20 * 3600)] * 12


def test_a_plant_alone_is_no_meter() -> None:
    """It may not buy."""
    member = Member(NODE.public_key, b"owner..1", 0, meter=False, plant=PLANT)
    found = parse_as(Register, opened(Registrar(NETWORK, REGISTRAR).register(member, 1000)))
    assert found.roles == [ROLE_PLANT]


def test_a_revocation_names_the_kid() -> None:
    """And nothing else."""
    found = parse_as(Revoke, opened(Registrar(NETWORK, REGISTRAR).revoke(b"kid....1", 5)))
    assert (found.network, found.kid, found.issued_at) == (NETWORK, b"kid....1", 5)


def test_a_description_out_of_limits_is_refused_before_it_is_signed() -> None:
    """An owner is 8 bytes."""
    with pytest.raises(WireError, match="owner"):
        Registrar(NETWORK, REGISTRAR).register(Member(NODE.public_key, b"short", 0), 5)
