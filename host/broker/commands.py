# SPDX-License-Identifier: Apache-2.0
"""The operator's commands for the broker: broker-config, enrol, revoke."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from wattpact.crypto.hashes import kid as kid_of

from ..errors import BrokerError
from ..output import standard_output
from ..service import membership
from ..service.folder import HostFolder, is_host_folder
from .authority import DEVICE_DAYS, fingerprint, point, public_key, request_key
from .config import AUTOSAVE_S, Settings
from .folder import BrokerFolder, opened
from .members import ROLES, Device, check_kid

if TYPE_CHECKING:
    from typing import Protocol

    class Commands(Protocol):
        """What argparse gives for commands; it has no public name."""

        def add_parser(
            self,
            name: str,
            *,
            help: str,
            description: str,
            epilog: str = ...,
            formatter_class: type[argparse.HelpFormatter],
        ) -> argparse.ArgumentParser:
            """One command."""
            ...


DONE = 0
TRADING = {"meter", "plant"}
"""Roles of whom the chain knows."""
CONFIG = """
Writes mosquitto's configuration, access list and a small certificate authority into DIR, which is made if it is
missing. Run again, it keeps keys, devices and what was chosen before, renews the broker's TLS certificate when it
is due, and writes the rest anew. Start the broker with: mosquitto -c DIR/mosquitto.conf
"""
CONFIG_EXAMPLE = """
example:
  python -m host broker-config broker --host broker.example.org --port 8883
"""
ENROL = """
Lets a device in, at the broker and on the chain. DIR is the host's folder, its broker is DIR/broker: the device's TLS
key gets a certificate, the device comes on the access list with its roles, and the registrar signs its trading key with
owner, neighbourhood and roles. That waits in DIR/spool for whoever serves the chain. What the device is given lies in
its folder under DIR/broker/devices. For a device that is listed already the same command renews its certificate; what
the chain knows of a key cannot be changed, only revoked.

DIR may also be the folder of a broker alone, as broker-config made it: of a broker elsewhere, or for what trades
nothing (a host, another broker's bridge). Then nothing goes to a chain.
"""
ENROL_EXAMPLE = """
example:
  python -m host enrol town --csr meter.csr --trading-key meter.pub --roles meter --owner 00112233aabbccdd
  python -m host enrol town --csr roof.csr --trading-key roof.pub --roles meter,plant --owner 00112233aabbccdd
    --plant-id 0a0b0c0d0e0f1011 --panel 1a1b1c1d1e1f2021:8000:100 --service 08:00-17:00
"""
REVOKE = """
Shuts a device out for good. DIR is the host's folder: the registrar's revocation goes to the chain by way of DIR/spool,
and at the broker of DIR/broker, if there is one, the device goes off the access list and its TLS certificates on the
revocation list. The broker takes that up with SIGHUP, which a host that runs it sends: it then refuses the device's
connections and hears and tells it nothing on one that stands. DIR may also be the folder of a broker alone.
"""


def add(commands: "Commands") -> None:
    """Put the three beside the other commands."""
    raw = argparse.RawDescriptionHelpFormatter
    command = commands.add_parser(
        "broker-config",
        help="write the configuration of an MQTT broker, its access list and its authority",
        description=CONFIG,
        epilog=CONFIG_EXAMPLE,
        formatter_class=raw,
    )
    command.add_argument("folder", metavar="DIR", help="the broker's folder")
    command.add_argument(
        "--host",
        action="append",
        metavar="NAME",
        help="a name or address that devices connect to; may be repeated; default: localhost",
    )
    command.add_argument("--port", type=int, metavar="N", help="default: 8883")
    command.add_argument("--bind", metavar="ADDRESS", help="listen there only; default: everywhere")
    command.add_argument("--network", metavar="ID", help="carry this network only; default: any")
    command.add_argument(
        "--autosave",
        type=int,
        metavar="SECONDS",
        help="how often the broker writes its memory to disk; default: %d" % AUTOSAVE_S,
    )
    command.add_argument(
        "--bridge",
        metavar="NAME:PORT",
        help="form one network with the broker there; makes bridge.csr for its enrol, role bridge",
    )
    command.add_argument(
        "--bridge-given", metavar="FOLDER", help="what that enrol gave: tls.crt and ca.crt"
    )
    command.set_defaults(run=_config)

    _add_enrol(commands)

    command = commands.add_parser(
        "revoke",
        help="shut a device out, at the broker and on the chain",
        description=REVOKE,
        formatter_class=raw,
    )
    command.add_argument("folder", metavar="DIR", help="the host's folder, or a broker's alone")
    command.add_argument("kid", metavar="KID", help="16 hex digits")
    command.set_defaults(run=_revoke)


def _add_enrol(commands: "Commands") -> None:
    command = commands.add_parser(
        "enrol",
        help="let a device in, at the broker and on the chain",
        description=ENROL,
        epilog=ENROL_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("folder", metavar="DIR", help="the host's folder, or a broker's alone")
    key = command.add_mutually_exclusive_group(required=True)
    key.add_argument("--csr", metavar="FILE", help="signing request of the TLS key, PEM or DER")
    key.add_argument("--public-key", metavar="FILE", help="the TLS key itself, PEM, DER or hex")
    identity = command.add_mutually_exclusive_group()
    identity.add_argument(
        "--trading-key", metavar="FILE", help="public trading key, PEM, DER or hex"
    )
    identity.add_argument(
        "--kid", help="kid of the trading key; default: the request's common name"
    )
    command.add_argument("--roles", required=True, help="one or more of %s" % ",".join(ROLES))
    command.add_argument("--owner", required=True, metavar="ID", help="pseudonym, 16 hex digits")
    command.add_argument("--neighbourhood", type=int, default=0, metavar="N", help="default: 0")
    command.add_argument("--days", type=int, default=DEVICE_DAYS, help="default: %d" % DEVICE_DAYS)
    command.add_argument("--replace", action="store_true", help="the device has a new TLS key")
    command.add_argument("--plant-id", metavar="ID", help="permanent, 16 hex digits")
    command.add_argument(
        "--panel",
        action="append",
        metavar="ID:RATED_W:PRESET_WH",
        help="one of the plant's, and the Wh per slot below which its supply counts as low; may be repeated",
    )
    command.add_argument(
        "--service",
        metavar="HH:MM-HH:MM",
        help="local time in which the plant is judged; one window, or twelve with commas, January first",
    )
    command.set_defaults(run=_enrol)


def _config(options: argparse.Namespace) -> int:
    with opened(_folder(options), make=True) as folder:
        settings = folder.configure(
            hosts=options.host,
            port=options.port,
            bind=options.bind,
            network=options.network,
            autosave_s=options.autosave,
            bridge=options.bridge,
        )
        if options.bridge_given:
            folder.take_bridge(Path(options.bridge_given))
            folder.configure()
        return _say(
            "%s: configured" % folder.path,
            "names     %s" % ", ".join(settings.hosts),
            "listener  %s port %d" % (settings.bind or "every address", settings.port),
            "network   %s" % (settings.network or "any"),
            *_bridge_lines(folder, settings),
            "start     mosquitto -c %s" % (folder.path / "mosquitto.conf"),
        )


def _bridge_lines(folder: BrokerFolder, settings: Settings) -> list[str]:
    if not settings.bridge:
        return []
    if folder.is_bridged():
        return ["bridge    to %s" % settings.bridge]
    text = "bridge    to %s: not yet; have %s enrolled there as bridge, then --bridge-given"
    return [text % (settings.bridge, folder.path / "bridge.csr")]


def _enrol(options: argparse.Namespace) -> int:
    if options.csr:
        key, name = request_key(_read(options.csr))
    else:
        key, name = public_key(_read(options.public_key)), ""
    trading_key = ""
    kid = options.kid or name
    if options.trading_key:
        trading = point(public_key(_read(options.trading_key)))
        trading_key, kid = trading.hex(), kid_of(trading).hex()
    if not kid:
        raise BrokerError(
            "whose TLS key is it? --trading-key, --kid, or a common name in the request"
        )
    if name and name != kid:
        raise BrokerError("the request is for %r, not for %s" % (name, kid))
    if not 1 <= options.days <= 3650:
        raise BrokerError("%d: a certificate holds 1 to 3650 days" % options.days)
    device = Device(
        roles=[role.strip() for role in options.roles.split(",")],
        owner=options.owner,
        neighbourhood=options.neighbourhood,
        tls_key=fingerprint(key).hex(),
        trading_key=trading_key,
    )
    place, host = _places(options)
    registration = None
    if host and set(device.roles) & TRADING:
        if not trading_key:
            raise BrokerError("the chain registers a key, not a kid: --trading-key")
        member = membership.member_of(options, bytes.fromhex(trading_key), device.roles)
        registration = membership.sign(host, member)
    with opened(place) as folder:
        given = folder.enrol(kid, key, device, options.days, replace_key=options.replace)
    lines = [
        "%s: enrolled as %s" % (kid, ", ".join(device.roles)),
        "serial  %s" % device.certificates[-1].serial,
        "given   %s: tls.crt, ca.crt (PEM), tls.der, ca.der" % given,
        "broker  takes it up with SIGHUP, which a host that runs it sends",
    ]
    if host and registration:
        new = membership.register(host, registration, given)
        lines += [
            "        and register.cbor, genesis.cbor",
            "chain   its registration %s" % ("waits in %s" % host.spool if new else "is as it was"),
        ]
    else:
        lines.append("chain   nothing: this registers no trading key")
    return _say(*lines)


def _revoke(options: argparse.Namespace) -> int:
    place, host = _places(options)
    check_kid(options.kid)
    lines: list[str] = []
    trades = True
    if host is None or place.exists():
        with opened(place) as folder:
            if host is None or folder.lists(options.kid):
                trades = bool(TRADING & set(folder.revoke(options.kid)))
                lines.append("%s: revoked; effective when the broker got SIGHUP" % options.kid)
    if host and trades:
        membership.revoke(host, bytes.fromhex(options.kid))
        lines.append("%s: its revocation waits for the chain in %s" % (options.kid, host.spool))
    return _say(*lines)


def _places(options: argparse.Namespace) -> tuple[Path, HostFolder | None]:
    """(the broker's folder, the host's): DIR is the host's, or a broker's alone."""
    path = _folder(options)
    if not is_host_folder(path):
        return path, None
    host = HostFolder(path)
    return host.broker, host


def _folder(options: argparse.Namespace) -> Path:
    if not options.folder:
        raise BrokerError("DIR: no folder was named")
    return Path(options.folder)


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise BrokerError("%s: %s" % (name, error.strerror)) from error


def _say(*lines: str) -> int:
    with standard_output() as stream:
        stream.writelines(line + "\n" for line in lines)
    return DONE
