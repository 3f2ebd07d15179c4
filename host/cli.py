# SPDX-License-Identifier: Apache-2.0
"""The operator's commands: arguments in, an exit code and at most one line of complaint out.

Exit codes: 0 done and sound, 1 the chain breaks a rule, 2 the question could not be asked.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from .broker import commands as broker_commands
from .errors import HostError
from .export import TABLES, export
from .keys import OpensslVerifier
from .output import complain, refuse_chain, standard_output
from .plant import command as plant_command
from .service import commands as service_commands
from .verify import BrokenChain, verify

SOUND, BROKEN, NO_ANSWER = 0, 1, 2

DESCRIPTION = "Tools for whoever runs a Wattpact network."
VERIFY = """
Executes every block again from the genesis and compares everything that the file holds with what comes out:
transactions, signatures, state, app hashes, tree, checkpoints, cosignatures, row numbers and tables.

exit code 0: all of it holds
exit code 1: it does not; the first fault is printed as "height H: R<n> what" (rules: docs/ledger.md)
exit code 2: there is no chain at PATH that can be read, or the result cannot be written
"""
VERIFY_EXAMPLE = """
example:
  python -m host verify out/sim/chain.db
"""
EXPORT_EXAMPLE = """
Columns carry their units; ids are hex. Money is in billionths of the currency (nano), prices in millionths per
kWh (micro), CO2 and coins in micrograms (ug), shares in millionths (ppm), times in UTC.
Export believes the file: verify it first.

example:
  python -m host export out/sim/chain.db --what certificates --format csv --out certificates.csv
"""


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except HostError as error:
        complain(error)
        return NO_ANSWER
    except KeyboardInterrupt:
        complain("stopped")
        return NO_ANSWER


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m host", description=DESCRIPTION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser(
        "verify",
        help="re-execute a chain from its genesis and name the first thing that is wrong",
        description=VERIFY,
        epilog=VERIFY_EXAMPLE,
        formatter_class=raw,
    )
    command.add_argument("path", metavar="PATH", help="the chain file, chain.db")
    command.set_defaults(run=_verify)

    command = commands.add_parser(
        "export",
        help="write what a chain holds as CSV or JSON",
        description="Writes one table of what the chain holds.",
        epilog=EXPORT_EXAMPLE,
        formatter_class=raw,
    )
    command.add_argument("path", metavar="PATH", help="the chain file, chain.db")
    command.add_argument("--what", required=True, choices=sorted(TABLES), help="which table")
    command.add_argument("--format", default="csv", choices=("csv", "json"), help="default: csv")
    command.add_argument("--out", metavar="FILE", help="default: standard output")
    command.set_defaults(run=_export)
    service_commands.add(commands)
    broker_commands.add(commands)
    plant_command.add(commands)
    return parser


def _verify(options: argparse.Namespace) -> int:
    path = _named(options.path, "PATH")
    refuse_chain(None, path)
    try:
        found = verify(path, OpensslVerifier())
    except BrokenChain as broken:
        code, lines = BROKEN, [str(broken)]
    else:
        speed = found.transactions / found.cpu_s if found.cpu_s else 0
        code = SOUND
        lines = [
            "%s: sound" % path,
            "network       %s %s" % (found.network.hex(), found.name),
            "blocks        %d" % found.height,
            "transactions  %d" % found.transactions,
            "app hash      %s" % found.app_hash.hex(),
            "speed         %.0f transactions per CPU second" % speed,
        ]
    with standard_output() as stream:
        stream.writelines(line + "\n" for line in lines)
    return code


def _export(options: argparse.Namespace) -> int:
    out = None if options.out is None else _named(options.out, "--out")
    export(_named(options.path, "PATH"), options.what, options.format, out)
    return SOUND


def _named(text: str, argument: str) -> Path:
    """An empty text would be the folder one is in."""
    if not text:
        raise HostError("%s: no file was named" % argument)
    return Path(text)
