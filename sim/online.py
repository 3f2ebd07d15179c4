# SPDX-License-Identifier: Apache-2.0
"""Options for a run over a broker, checked before anything is built."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from host.errors import GatewayError
from host.gateway.line import Address

from .world.access import NETWORKS
from .world.input_errors import plain

SPEED, ACCESS_SPEED = 600, 60
SPEED_MAX = 5_000
SHARDS_MAX = 64
VMS_MAX = 100
RUN_H = 51
"""Of two days, with the round before and the last settlement."""


class OnlineError(Exception):
    """One of them cannot be; str() is one line that names it."""


@dataclass(frozen=True)
class Online:
    """How a fleet runs over a broker."""

    address: Address
    folder: Path | None
    speed: float
    shard: int
    shards: int
    access: str
    """The name of the access network between each node and the broker; "" for none."""

    vms: int
    """Nodes whose firmware runs on MicroPython."""

    def described(self) -> dict[str, str]:
        """Name -> value, for the report."""
        scheme = "mqtts" if self.address.secure else "mqtt"
        return {
            "broker": "%s://%s:%d" % (scheme, self.address.name, self.address.number),
            "speed": "%g" % self.speed,
            "shards": str(self.shards),
            "access network": self.access or "none",
            "nodes on MicroPython": str(self.vms),
        }


def add_options(made: argparse.ArgumentParser) -> None:
    """Put them beside the others."""
    group = made.add_argument_group(
        "over a broker",
        "The same fleet, each node with an MQTT connection of its own; no two runs end in the same app hash. "
        "It takes as long as virtual time divided by the speed: two days, the round before and "
        "the last settlement are %d hours, which at a speed of %d are %d minutes."
        % (RUN_H, SPEED, RUN_H * 60 // SPEED),
    )
    add = group.add_argument
    add(
        "--mqtt",
        metavar="URL",
        help="mqtt://HOST:PORT, or mqtts://HOST:PORT with --broker-folder",
    )
    add(
        "--broker-folder",
        metavar="DIR",
        help="what `python -m host broker-config DIR` made for this broker: nodes are enrolled there, "
        "and each shows its own TLS certificate",
    )
    add(
        "--speed",
        type=float,
        metavar="X",
        help="how many times as fast as the machine's virtual time goes, 1 to %d (default %d, with --access %d); "
        "slower where the machine or the broker cannot keep up" % (SPEED_MAX, SPEED, ACCESS_SPEED),
    )
    add(
        "--shard",
        metavar="I/N",
        help="run part I of N of the fleet's nodes in this process; the others are started with the same "
        "options. Shard 1 has the host, and writes the results",
    )
    add(
        "--access",
        choices=sorted(NETWORKS),
        help="put the delay, jitter, rate, losses and outages of such a network between each node and the broker",
    )
    add(
        "--vm",
        type=int,
        metavar="K",
        help="run the firmware of the first K homes on the real MicroPython VM, in a heap of fixed size",
    )


def online(given: argparse.Namespace) -> Online | None:
    """The options; None for a run in memory. OnlineError for what cannot be."""
    if given.mqtt is None:
        for name in ("broker-folder", "speed", "shard", "access", "vm"):
            if getattr(given, name.replace("-", "_")) is not None:
                raise OnlineError("--%s needs --mqtt" % name)
        return None
    try:
        address = Address.parse(given.mqtt)
    except GatewayError as error:
        raise OnlineError("--mqtt %s" % plain(str(error))) from None
    if address.secure != (given.broker_folder is not None):
        raise OnlineError("mqtts:// needs --broker-folder, and mqtt:// takes none")
    usual = ACCESS_SPEED if given.access else SPEED
    speed = usual if given.speed is None else given.speed
    if not 1 <= speed <= SPEED_MAX:
        raise OnlineError("--speed must be 1 to %d, not %s" % (SPEED_MAX, given.speed))
    shard, shards = _shard(given.shard or "1/1")
    vms = given.vm or 0
    if not 0 <= vms <= VMS_MAX:
        raise OnlineError("--vm must be 0 to %d, not %d" % (VMS_MAX, vms))
    folder = None if given.broker_folder is None else Path(given.broker_folder)
    return Online(address, folder, speed, shard, shards, given.access or "", vms)


def _shard(text: str) -> tuple[int, int]:
    first, slash, second = text.partition("/")
    digits = slash and all(part.isascii() and part.isdigit() for part in (first, second))
    if not digits or not 1 <= int(first) <= int(second) <= SHARDS_MAX:
        raise OnlineError("--shard must be I/N with 1 <= I <= N <= %d, not %r" % (SHARDS_MAX, text))
    return int(first), int(second)
