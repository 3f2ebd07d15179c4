# SPDX-License-Identifier: Apache-2.0
"""The operator's commands for the broker: broker-config, enrol, revoke."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from wattpact.crypto.hashes import kid as kid_of

from ..errors import BrokerError
from ..output import standard_output
from .authority import DEVICE_DAYS, fingerprint, point, public_key, request_key
from .config import AUTOSAVE_S
from .folder import opened
from .members import ROLES, Device

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
Issues a TLS certificate for a device's TLS key, lists the device with its roles, and writes the access list anew.
The broker knows a device by its kid, which is that of its trading key; the TLS key is another key. For a device that is
listed the same command renews its certificate and sets its roles.

The broker takes it up after SIGHUP. Registering the trading key on the chain is another step, and no command does it
yet: until then the ledger refuses what the device signs.
"""
ENROL_EXAMPLE = """
example:
  python -m host enrol broker --csr meter.csr --trading-key meter.pub --roles meter,plant --owner 00112233aabbccdd
"""
REVOKE = """
Takes a device off the access list and puts its TLS certificates on the revocation list, for good. Effective when the
broker got SIGHUP: it then refuses the device's connections and hears and tells it nothing on one that stands. The
chain has a revocation of its own, which this is not.
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
    command.set_defaults(run=_config)

    command = commands.add_parser(
        "enrol",
        help="issue a device's TLS certificate and let it in",
        description=ENROL,
        epilog=ENROL_EXAMPLE,
        formatter_class=raw,
    )
    command.add_argument("folder", metavar="DIR", help="the broker's folder")
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
    command.set_defaults(run=_enrol)

    command = commands.add_parser(
        "revoke",
        help="shut a device out of the broker",
        description=REVOKE,
        formatter_class=raw,
    )
    command.add_argument("folder", metavar="DIR", help="the broker's folder")
    command.add_argument("kid", metavar="KID", help="16 hex digits")
    command.set_defaults(run=_revoke)


def _config(options: argparse.Namespace) -> int:
    with opened(_folder(options), make=True) as folder:
        settings = folder.configure(
            hosts=options.host,
            port=options.port,
            bind=options.bind,
            network=options.network,
            autosave_s=options.autosave,
        )
        return _say(
            "%s: configured" % folder.path,
            "names     %s" % ", ".join(settings.hosts),
            "listener  %s port %d" % (settings.bind or "every address", settings.port),
            "network   %s" % (settings.network or "any"),
            "start     mosquitto -c %s" % (folder.path / "mosquitto.conf"),
        )


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
    with opened(_folder(options)) as folder:
        given = folder.enrol(kid, key, device, options.days, replace_key=options.replace)
    return _say(
        "%s: enrolled as %s" % (kid, ", ".join(device.roles)),
        "serial  %s" % device.certificates[-1].serial,
        "given   %s: tls.crt, ca.crt (PEM), tls.der, ca.der" % given,
        "The broker takes it up after SIGHUP. On the chain the device is not registered by this.",
    )


def _revoke(options: argparse.Namespace) -> int:
    with opened(_folder(options)) as folder:
        folder.revoke(options.kid)
    return _say("%s: revoked; effective when the broker got SIGHUP" % options.kid)


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
