# SPDX-License-Identifier: Apache-2.0
"""Make a flashed board somebody's: keys made on it, certificates and settings put there. No secret is ever printed.

    key --out DIR       the board makes its two keys and keeps them; their public halves go to DIR, for `enrol`
    install DIR         what `enrol` gave: genesis.cbor, register.cbor, ca.der, tls.der
    settings FILE       what user and operator want, as docs/boards.md has it
    password            of the Wi-Fi network or the SIM, asked for at the keyboard or read from standard input
    show                what is there, and what is still missing

Each can be repeated; a key that is there is never replaced. Exit code 2: it could not be done, one line says why.
"""

import argparse
import getpass
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0:1] = [str(ROOT), str(ROOT / "firmware")]

from tools.console import Console, ConsoleError  # noqa: E402  (the path must stand first)
from wattpact.crypto.hashes import kid as kid_of  # noqa: E402
from wattpact.errors import WireError  # noqa: E402
from wattpact.wire.envelope import peek_payload  # noqa: E402
from wattpact.wire.messages import Register, parse_as  # noqa: E402

GIVEN = ("genesis.cbor", "register.cbor", "ca.der", "tls.der")
FILE_BYTES_MAX = 16_384
PASSWORD_MAX = 64
VAULT = """
from esp32 import NVS
from wattpact.esp32.vault import ACCESS_KEY, NAMESPACE, TLS_KEY, TRADING_KEY, Vault
vault = Vault(NVS(NAMESPACE))
"""
PUBLIC = (
    VAULT
    + """
from wattpact.crypto.ecdsa import public_key
trading, tls = vault.read(TRADING_KEY), vault.read(TLS_KEY)
print(repr((public_key(trading).hex() if trading else '', public_key(tls[7:39]).hex() if tls else '')))
"""
)
# The TLS key is kept as RFC 5915 has it, which is what MicroPython's ssl takes.
MAKE = (
    VAULT
    + """
import network
from wattpact.crypto.ecdsa import public_key
from wattpact.crypto.signer import new_secret
from wattpact.esp32.entropy import HardwareEntropy
radio = network.WLAN(network.WLAN.IF_STA)
radio.active(True)
entropy = HardwareEntropy(radio)
if not vault.read(TRADING_KEY):
    vault.write(TRADING_KEY, new_secret(entropy))
if not vault.read(TLS_KEY):
    secret = new_secret(entropy)
    vault.write(TLS_KEY, bytes.fromhex('30770201010420') + secret
        + bytes.fromhex('a00a06082a8648ce3d030107a144034200') + public_key(secret))
"""
)


def parser() -> argparse.ArgumentParser:
    """Every option."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--port", required=True, metavar="DEVICE", help="such as /dev/ttyUSB0")
    commands = made.add_subparsers(dest="command", required=True)
    key = commands.add_parser("key", help="make the board's keys, take their public halves")
    key.add_argument("--out", required=True, type=Path, metavar="DIR", help="for `enrol`")
    install = commands.add_parser("install", help="put on the board what enrol gave")
    install.add_argument("folder", type=Path, metavar="DIR")
    settings = commands.add_parser("settings", help="put settings.json on the board")
    settings.add_argument("file", type=Path, metavar="FILE")
    commands.add_parser("password", help="of the network")
    commands.add_parser("show", help="what is there")
    return made


def public_keys(console: Console) -> tuple[str, str]:
    """Of the trading key and the TLS key, in hex; "" for one that is not there."""
    console.fresh()
    trading, tls = console.value_of(PUBLIC)
    return trading, tls


def make_keys(console: Console, out: Path) -> str:
    """The kid. The private halves stay on the board."""
    if console.value("__import__('json').load(open('/board.json'))['key']['kind']") != "software":
        raise ConsoleError("its trading key lies in a secure element, which this does not set up")
    console.fresh()
    console.ask(MAKE)
    trading, tls = public_keys(console)
    out.mkdir(parents=True, exist_ok=True)
    (out / "trading.pub").write_text(trading + "\n")
    (out / "tls.pub").write_text(tls + "\n")
    return kid_of(bytes.fromhex(trading)).hex()


def install(console: Console, folder: Path) -> None:
    """ConsoleError if a file is missing, or was given to another board."""
    files = {name: content(folder / name) for name in GIVEN}
    try:
        register = parse_as(Register, peek_payload(files["register.cbor"]))
    except WireError as error:
        raise ConsoleError("register.cbor: %s" % error) from None
    if public_keys(console)[0] != register.public_key.hex():
        raise ConsoleError("register.cbor: was given to another board, or this one has no key")
    for name in GIVEN:
        console.write("/node/" + name, files[name])


def put_settings(console: Console, file: Path) -> None:
    """ConsoleError unless it is a JSON object without a secret in it."""
    text = content(file)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ConsoleError("%s: %s" % (file, error)) from None
    if not isinstance(found, dict) or "broker" not in found:
        raise ConsoleError("%s: must be an object with broker (docs/boards.md)" % file)
    if "password" in text.decode().lower():
        raise ConsoleError("%s: a password does not belong in a file: use `password`" % file)
    console.write("/node/settings.json", text)


def put_password(console: Console) -> None:
    """Into NVS; it stands in no file and on no screen."""
    given = (
        getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    )
    if not 0 < len(given.encode()) <= PASSWORD_MAX:
        raise ConsoleError("a password has 1 to %d bytes" % PASSWORD_MAX)
    console.fresh()
    try:
        console.ask(VAULT + "vault.write(ACCESS_KEY, bytes.fromhex(%r))" % given.encode().hex())
    except ConsoleError:
        raise ConsoleError("the board did not take the password") from None


def show(console: Console) -> list[str]:
    """What is there; of a secret only whether it is."""
    trading, tls = public_keys(console)
    secret = console.value_of(VAULT + "print(repr(len(vault.read(ACCESS_KEY)) > 0))")
    there = console.hashes("/node")
    lines = [
        "kid           %s" % (kid_of(bytes.fromhex(trading)).hex() if trading else "missing: key")
    ]
    lines.append("TLS key       %s" % ("there" if tls else "missing: key"))
    lines.append("password      %s" % ("there" if secret else "none"))
    for name in (*GIVEN, "settings.json"):
        command = "settings" if name == "settings.json" else "install"
        lines.append(
            "%-13s %s" % (name, "there" if "/node/" + name in there else "missing: " + command)
        )
    return lines


def content(path: Path) -> bytes:
    """Of a file that is small."""
    try:
        found = path.read_bytes()
    except OSError as error:
        raise ConsoleError("%s: %s" % (path, error.strerror)) from None
    if len(found) > FILE_BYTES_MAX:
        raise ConsoleError("%s: has more than %d bytes" % (path, FILE_BYTES_MAX))
    return found


def main() -> int:
    """See above."""
    given = parser().parse_args()
    try:
        with Console(given.port) as console:
            if given.command == "key":
                kid = make_keys(console, given.out)
                print("%s: the board's keys, public halves in %s; next:" % (kid, given.out))
                print(
                    "  python -m host enrol TOWN --public-key %s --trading-key %s --roles meter --owner ID"
                    % (given.out / "tls.pub", given.out / "trading.pub")
                )
            elif given.command == "install":
                install(console, given.folder)
                print("installed: %s" % ", ".join(GIVEN))
            elif given.command == "settings":
                put_settings(console, given.file)
                print("settings are on the board; they count from its next reset")
            elif given.command == "password":
                put_password(console)
                print("the password is on the board")
            else:
                print("\n".join(show(console)))
    except ConsoleError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
