# SPDX-License-Identifier: Apache-2.0
"""Messages as somebody would sign them, right or wrong, for a test to hand to a board."""

from collections.abc import Sequence
from typing import Any

from tests.trade.world import World, signer
from wattpact.wire import codec
from wattpact.wire.envelope import sign1
from wattpact.wire.messages import Award, Message, Revoke, Stored


def signed(name: str, message: Message) -> bytes:
    """The envelope by the key of that name."""
    return sign1(message.payload(), signer(name))


def parcel(world: World, name: str, message: Message) -> bytes:
    """The envelope together with that node's registration."""
    return codec.encode([world.registers[name], signed(name, message)])


def stored(
    world: World,
    ids: Sequence[bytes] = (),
    refused: Sequence[tuple[bytes, int]] = (),
    by: str = "sequencer",
) -> bytes:
    """The host's word."""
    word = Stored(network=world.network, ids=list(ids), refused=list(refused), height=1)
    return signed(by, word)


def award(
    world: World, *rows: tuple[bytes, bytes, int, int, tuple[Any, ...]], by: str = "issuer"
) -> bytes:
    """The issuer's."""
    return signed(by, Award(network=world.network, awards=list(rows)))


def revocation(world: World, kid: bytes, by: str = "registrar") -> bytes:
    """Of a key."""
    return signed(by, Revoke(network=world.network, kid=kid, issued_at=world.clock))
