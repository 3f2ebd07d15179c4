# SPDX-License-Identifier: Apache-2.0
"""The operator's commands for a host: init and serve."""

import argparse
import re
import time
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from wattpact.home import discovery
from wattpact.units import DAY_S
from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import message_id

from ..errors import ServiceError
from ..gateway.line import Address
from ..genesis import GERMANY_2024, Factor, Terms
from ..output import standard_output
from .child import Broker
from .folder import KEYS, HostFolder
from .serve import Link, own_link, say, serve

if TYPE_CHECKING:
    from ..broker.commands import Commands

DONE = 0
CURRENCIES = {name: number for number, name in sorted(discovery.CURRENCIES.items())}
"""ISO 4217; any other by its number."""
INIT = """
Founds a network: makes the keys of issuer, registrar, sequencer and two witnesses, signs the genesis with its terms,
and begins the chain. The terms hold for as long as the network does. What is in DIR already is never written over.
"""
INIT_EXAMPLE = """
example:
  python -m host init town --name "Lake Street" --grid-price 00:00=0.32 --grid-price 06:00=0.38 --grid-price 22:00=0.32
"""
SERVE = """
Runs the host of the network in DIR: takes what members send over the broker, records it, answers, and awards. Without
--broker it connects to the broker of --mqtt. With it, mosquitto runs as its child on the folder that broker-config
made, is started again when it ends, and reads its lists again after enrol and revoke.

exit code 0: it was stopped by SIGTERM or Ctrl-C
exit code 2: it could not begin or go on; one line says why. What was answered is on the disk
"""
SERVE_EXAMPLE = """
examples:
  python -m host serve town --broker
  python -m host serve town --mqtt mqtts://broker.example.org:8883 --ca ca.crt --certificate tls.crt
"""


def add(commands: "Commands") -> None:
    """Put the two beside the other commands."""
    raw = argparse.RawDescriptionHelpFormatter
    command = commands.add_parser(
        "init",
        help="found a network: keys, genesis, chain",
        description=INIT,
        epilog=INIT_EXAMPLE,
        formatter_class=raw,
    )
    command.add_argument("folder", metavar="DIR", help="the host's folder; made if it is missing")
    command.add_argument("--name", default="community", help="default: %(default)s")
    command.add_argument(
        "--currency", default="EUR", help="ISO 4217, letters or number; default: %(default)s"
    )
    command.add_argument(
        "--grid-price",
        action="append",
        metavar="HH:MM=PRICE",
        help="what a kWh from the grid costs from then on; repeat, from 00:00 on; default: 0.32, 0.38 from 6 to 22",
    )
    command.add_argument(
        "--co2",
        action="append",
        metavar="REGION:YEAR:G:SOURCE",
        help="emission of the grid in g/kWh, and who says so; the first names the region; default: Germany 2024",
    )
    command.add_argument(
        "--utc-offset", default="+01:00", metavar="+HH:MM", help="local time; default: %(default)s"
    )
    command.add_argument(
        "--contract-slots", type=int, default=4, metavar="N", help="of 15 min; default: %(default)d"
    )
    command.set_defaults(run=_init)

    command = commands.add_parser(
        "serve",
        help="run the host of a network at its broker",
        description=SERVE,
        epilog=SERVE_EXAMPLE,
        formatter_class=raw,
    )
    command.add_argument("folder", metavar="DIR", help="the host's folder, as init made it")
    command.add_argument("--mqtt", metavar="URL", help="mqtts://name:8883, or mqtt:// without TLS")
    command.add_argument(
        "--broker",
        nargs="?",
        const="",
        metavar="FOLDER",
        help="run mosquitto as a child on this folder; default: DIR/broker",
    )
    command.add_argument("--ca", metavar="FILE", help="authority of a broker elsewhere, PEM")
    command.add_argument(
        "--certificate", metavar="FILE", help="what that broker's enrol gave for DIR/tls.csr, PEM"
    )
    command.add_argument(
        "--block-seconds",
        type=int,
        default=1,
        metavar="N",
        help="at least from block to block; default: %(default)d",
    )
    command.set_defaults(run=_serve)


def _init(options: argparse.Namespace) -> int:
    path = _folder(options)
    sources: list[str] = options.co2 or []
    factors = [_factor(text) for text in sources] or [GERMANY_2024]
    terms = Terms(
        currency=_currency(options.currency),
        factors=factors,
        region=factors[0][0],
        utc_offset_s=_offset(options.utc_offset),
        contract_slots_max=options.contract_slots,
    )
    if options.grid_price:
        prices = [_price(text) for text in options.grid_price]
        if prices[0][0]:
            raise ServiceError("--grid-price: the first one is that of 00:00")
        terms = replace(terms, grid_prices=prices)
    folder = HostFolder.founded(path, options.name, terms, int(time.time()))
    network = folder.network.hex()
    with standard_output() as stream:
        stream.writelines(
            line + "\n"
            for line in (
                "%s: founded" % folder.path,
                "network  %s" % network,
                "genesis  %s" % _genesis_hash(folder),
                "keys     %s: %s; back them up, apart from the rest"
                % (folder.path / "keys", ", ".join(KEYS)),
                "next     python -m host broker-config %s --host NAME --network %s"
                % (folder.broker, network),
                "         python -m host enrol %s --help" % folder.path,
                "         python -m host serve %s --broker" % folder.path,
            )
        )
    return DONE


def _serve(options: argparse.Namespace) -> int:
    folder = HostFolder(_folder(options))
    if options.block_seconds < 0:
        raise ServiceError("--block-seconds: %d is no time" % options.block_seconds)
    address = Address.parse(options.mqtt) if options.mqtt else None
    broker = None
    if options.broker is not None:
        place = Path(options.broker) if options.broker else folder.broker
        link = own_link(folder, place, address)
        broker = Broker(place.resolve(), link.address, say)
    elif address is None:
        raise ServiceError("which broker? --broker for one of our own, --mqtt URL for another")
    elif address.secure and not options.certificate:
        link = own_link(folder, folder.broker, address)
    else:
        link = Link(address, options.ca or "", options.certificate or "")
    serve(folder, link, broker, options.block_seconds)
    return DONE


def _folder(options: argparse.Namespace) -> Path:
    if not options.folder:
        raise ServiceError("DIR: no folder was named")
    return Path(options.folder)


def _genesis_hash(folder: HostFolder) -> str:
    return message_id(peek_payload(folder.genesis)).hex()


def _currency(text: str) -> int:
    if text in CURRENCIES:
        return CURRENCIES[text]
    if re.fullmatch(r"\d{3}", text):
        return int(text)
    raise ServiceError("--currency: %r is none of %s" % (text, ", ".join(CURRENCIES)))


def _price(text: str) -> tuple[int, int]:
    """(second of the day, millionths per kWh)."""
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)=(.+)", text)
    try:
        if not found:
            raise InvalidOperation
        micro = Decimal(found[3]) * 1_000_000
        if micro != int(micro) or not 0 <= micro <= 1_000_000_000:
            raise InvalidOperation
    except (InvalidOperation, ValueError, OverflowError):
        raise ServiceError("--grid-price: %r is not HH:MM=PRICE" % text) from None
    return int(found[1]) * 3600 + int(found[2]) * 60, int(micro)


def _factor(text: str) -> Factor:
    found = re.fullmatch(r"([A-Z0-9-]{2,8}):(\d{4}):(\d{1,4}):([ -~]{1,64})", text)
    if not found:
        raise ServiceError("--co2: %r is not REGION:YEAR:G:SOURCE" % text)
    return found[1], int(found[2]), 0, int(found[3]) * 1000, 0, found[4]


def _offset(text: str) -> int:
    """Seconds; what is west of Greenwich stands as what is left of a day."""
    found = re.fullmatch(r"([+-])(\d\d):([0-5]\d)", text)
    if not found:
        raise ServiceError("--utc-offset: %r is not +HH:MM" % text)
    seconds = int(found[2]) * 3600 + int(found[3]) * 60
    return -seconds % DAY_S if found[1] == "-" else seconds
