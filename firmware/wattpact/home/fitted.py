# SPDX-License-Identifier: Apache-2.0
"""A meter's HomeAssistant, fitted to its node: what a board's start calls if its user wants one."""

from binascii import hexlify

from .. import __version__
from ..wire import topics
from .assistant import HomeAssistant
from .discovery import device
from .state import state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..metering.slots import SlotMeter
    from ..node.member import Member
    from ..node.meter import MeterNode


def fitted(
    prefix: str,
    member: "Member",
    node: "Callable[[], MeterNode]",
    meter: "SlotMeter",
    model: str,
    jitter: "Callable[[int], int]",
) -> HomeAssistant:
    """`prefix` "" is the user's own. `node` gives the core of now, since a fault may replace it."""
    kid = hexlify(member.kid).decode()
    presence = topics.broadcast(member.network, member.kid, "presence")
    currency = member.genesis.currency

    def describe(state_topic: str) -> bytes:
        measurement = meter.measurement
        if measurement is None:
            return b""  # how many phases there are is not known yet
        phases = len(measurement.phases)
        return device(kid, state_topic, presence, model, __version__, currency, phases)

    return HomeAssistant(
        prefix or topics.home(member.network, member.register.owner),
        kid,
        describe,
        lambda now: state(node(), meter, now),
        jitter,
    )
