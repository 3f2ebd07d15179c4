# SPDX-License-Identifier: Apache-2.0
"""Each rule of tools/tidy.py fires on a file that breaks it and on no other."""

from pathlib import Path

import pytest

from tools import tidy

HEAD = '# SPDX-License-Identifier: Apache-2.0\n"""Says something."""\n'

BROKEN = [
    ("host/x.py", "import sim.fleet", "layer: host may not import sim"),
    ("firmware/wattpact/wire/x.py", "import host", "layer: firmware may not import host"),
    ("sim/x.py", "from tests import y", "layer: sim may not import tests"),
    ("sim/x.py", "from tools.check import y", "layer: sim may not import tools"),
    ("boards/a/manifest.py", "import wattpact", "layer: boards may not import wattpact"),
    (
        "firmware/wattpact/wire/x.py",
        "from ..ledger import life",
        "wire may not import wattpact.ledger",
    ),
    ("firmware/wattpact/crypto/x.py", "from .. import wire", "crypto may not import wattpact.wire"),
    (
        "firmware/wattpact/market/x.py",
        "import wattpact.node.meter",
        "market may not import wattpact.node",
    ),
    (
        "firmware/wattpact/market/x.py",
        "from ..ledger.life import A",
        "market may not import wattpact.ledger",
    ),
    (
        "firmware/wattpact/node/meter.py",
        "from ..link import mqtt",
        "node may not import wattpact.link",
    ),
    ("firmware/wattpact/units.py", "from .wire import codec", "units may not import wattpact.wire"),
    ("firmware/wattpact/node/x.py", "from ..esp32 import spi", "only firmware/main.py imports"),
    ("host/x.py", "from wattpact.esp32 import spi", "only firmware/main.py imports"),
    ("host/x.py", "from wattpact.interfaces import Clock", "under TYPE_CHECKING only"),
    ("firmware/wattpact/node/x.py", "async def f():\n    pass", "async: "),
    ("sim/x.py", "async def f():\n    pass", "async: "),
    ("sim/x.py", "a = 1\n" * 400, "size: 403 lines, at most 400"),
    ("tests/x.py", "def f():\n" + "    a = 1\n" * 70, "size: f has 71 lines"),
    ("host/offer_utils.py", "", "word: 'util' in offer_utils"),
    ("host/x.py", "class SerialPort:\n    pass", "word: 'port' in SerialPort"),
    ("host/x.py", "class HTTPHandler:\n    pass", "word: 'handler' in HTTPHandler"),
    ("host/x.py", "if simulator:\n    pass", "simulator: "),
    ("firmware/wattpact/node/x.py", "a = 1 if self.is_simulated() else 2", "simulator: "),
    ("tools/x.py", "try:\n    pass\nexcept:\n    pass", "except: name the error"),
    ("tools/x.py", "a = 1  # " + "TODO: later", "unfinished: "),
    ("firmware/wattpact/market/x.py", "a = 0.5", "float: "),
    ("firmware/wattpact/market/x.py", "a = b / 2", "float: "),
    ("firmware/wattpact/ledger/x.py", "a = float(b)", "float: "),
    ("firmware/wattpact/metering/x.py", "a = b / 2", "float: "),
    ("tools/x.py", "a = (", "syntax: "),
]

FINE = [
    ("host/x.py", "from wattpact.ledger import machine\nimport sqlite3\nfrom . import store"),
    ("sim/x.py", "import host.issuer\nimport wattpact.node.meter"),
    ("firmware/main.py", "from wattpact.esp32 import spi_bus"),
    ("firmware/wattpact/esp32/x.py", "from . import y\nfrom ..errors import BusError\na = 0.5"),
    (
        "firmware/wattpact/node/x.py",
        "from ..metering.reading import Reading\nfrom .effects import Send",
    ),
    ("firmware/wattpact/node/runtime.py", "from ..link import mqtt\nasync def f():\n    await g()"),
    ("firmware/wattpact/wire/x.py", "if TYPE_CHECKING:\n    from ..interfaces import Signer"),
    ("firmware/wattpact/interfaces.py", "from .metering.reading import Reading"),
    ("tests/x.py", "a = 1\n" * 500),
    ("host/x.py", "a = 1\n" * 397),
    ("sim/report.py", "class Report:\n    pass"),
    ("tools/x.py", "try:\n    pass\nexcept ValueError:\n    pass\na = 'TO" + "DO'"),
    ("sim/x.py", "if simulated_s > 3:\n    pass"),
]


def write(root: Path, name: str, text: str) -> None:
    """One file of a checkout."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(("name", "text", "told"), BROKEN)
def test_a_broken_rule_is_named_with_its_file(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    """One finding, in the right file, with the rule's name."""
    write(tmp_path, name, HEAD + text + "\n")
    [found] = tidy.check_tree(tmp_path)
    assert found.startswith(name + ":")
    assert told in found


@pytest.mark.parametrize(("name", "text"), FINE)
def test_what_the_rules_allow_passes(tmp_path: Path, name: str, text: str) -> None:
    """No finding where the design allows it."""
    write(tmp_path, name, HEAD + text + "\n")
    assert tidy.check_tree(tmp_path) == []


def test_the_line_of_a_finding_is_where_it_stands(tmp_path: Path) -> None:
    """Two lines of head, one blank, then the import."""
    write(tmp_path, "host/x.py", HEAD + "\nimport sim\n")
    assert tidy.check_tree(tmp_path) == ["host/x.py:4: layer: host may not import sim"]


def test_a_file_without_licence_or_docstring_is_named(tmp_path: Path) -> None:
    """Both rules of the head, one finding each; an __init__ needs no docstring."""
    write(tmp_path, "host/x.py", "a = 1\n")
    write(tmp_path, "host/__init__.py", HEAD.splitlines()[0] + "\n")
    found = tidy.check_tree(tmp_path)
    assert [row.split(": ")[1] for row in found] == ["head", "head"]
    assert all(row.startswith("host/x.py:1:") for row in found)


def test_a_generated_file_may_be_long(tmp_path: Path) -> None:
    """Nobody reads it line by line, and its first lines say so."""
    head = HEAD.replace("Says something.", "Generated by tools/x.py; do not edit.")
    write(tmp_path, "sim/x.py", head + "a = 1\n" * 500)
    assert tidy.check_tree(tmp_path) == []


def test_a_package_of_the_board_has_at_most_nine_modules(tmp_path: Path) -> None:
    """The tenth is one too many; __init__ does not count."""
    for number in range(9):
        write(tmp_path, "firmware/wattpact/wire/m%d.py" % number, HEAD)
    write(tmp_path, "firmware/wattpact/wire/__init__.py", HEAD)
    assert tidy.check_tree(tmp_path) == []
    write(tmp_path, "firmware/wattpact/wire/m9.py", HEAD)
    assert tidy.check_tree(tmp_path) == ["firmware/wattpact/wire:1: size: 10 modules, at most 9"]
