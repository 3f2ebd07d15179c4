# SPDX-License-Identifier: Apache-2.0
"""docs/secure-element.md explains every error that the driver can tell, and quotes the code's figures."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.world.chips.atecc608 import P256_KEY, SIGNING_SLOT, TIMES_MS
from wattpact.element import packet
from wattpact.element.atecc608 import ADDRESS, TRIES

ROOT = Path(__file__).resolve().parents[3]
PAGE = " ".join((ROOT / "docs" / "secure-element.md").read_text(encoding="utf-8").split())
PLACEHOLDER = re.compile(r"%(?:0?\d*)[sdX]")
# What stands before a text, or is told beside it: the command's name, and how often it was tried.
BESIDE = {"tries)", "; at last", "unknown status ("}


def texts() -> Iterator[str]:
    """Every literal that becomes part of an error in the package."""
    for text, _passing in packet.STATUSES.values():
        yield text
    yield packet.SILENT
    yield packet.GARBLED
    for path in sorted((ROOT / "firmware" / "wattpact" / "element").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in {"fault", "PassingFault"}:
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield part.value


def pieces() -> list[str]:
    """What of them is the same each time, without the name of a command in front."""
    found: set[str] = set()
    for text in texts():
        for piece in PLACEHOLDER.split(text):
            words = re.sub(r"^(Sign|GenKey|Random)?: ", "", piece).strip()
            if len(words) > 3 and words not in BESIDE:
                found.add(words)
    return sorted(found)


@pytest.mark.parametrize("piece", pieces())
def test_every_error_is_on_the_page(piece: str) -> None:
    """Word for word, so that who reads it in a log finds it there."""
    assert piece in PAGE


def test_there_are_errors_to_look_for() -> None:
    """The list is read from the code, and would be empty if the code were written otherwise."""
    assert len(pieces()) > 20
    assert any("chip exchanged" in piece for piece in pieces())


@pytest.mark.parametrize(
    "words",
    [
        "0x%02X as delivered" % ADDRESS,
        '"(%d tries)"' % TRIES,
        "`%s`" % SIGNING_SLOT.hex(" "),
        "`%s`" % P256_KEY.hex(" "),
        "up to %.2f s (608B"
        % (
            sum(TIMES_MS[each[1]] for each in (packet.RANDOM, packet.NONCE, packet.SIGN)) / 1000
            + 0.005
        ),
    ],
)
def test_a_figure_on_the_page_is_the_codes(words: str) -> None:
    """Address, tries, what provisioning writes, how long a signature takes at most."""
    assert words in PAGE
