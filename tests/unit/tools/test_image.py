# SPDX-License-Identifier: Apache-2.0
"""What lies on a board's flash: small enough, whole, and it holds the three modules of the device (claim C11)."""

import json
import re
from pathlib import Path

import pytest

from sim.vm.machine import Machine
from tools import image

KIB_MAX = 200
# Claim C11: the device has an acquisition, a determination and a contract-signing module.
MODULES = {
    "acquisition": ("market/book", "market/asking", "node/discovery", "node/meter"),
    "determination": ("market/reliability", "market/preferences", "market/choice"),
    "contract signing": ("contract/proposing", "contract/purchase", "wire/envelope", "node/buying"),
}


@pytest.fixture(scope="module")
def flashed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """The image of a board with chips on SPI."""
    folder = tmp_path_factory.mktemp("flash")
    return folder, image.make("circuitsetup-6ch", folder)


def test_the_image_fits_two_hundred_kib(
    flashed: tuple[Path, dict[str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Compiled, with the base table of 4 KiB."""
    _folder, sizes = flashed
    total = sum(sizes.values())
    with capsys.disabled():
        print(" image: %d files, %.1f KiB" % (len(sizes), total / 1024), end="")
    assert total < KIB_MAX * 1024
    assert 4096 < sizes["wattpact/crypto/base_table.mpy"] < 4500


@pytest.mark.parametrize("module", sorted(MODULES))
def test_the_image_holds_the_three_modules_of_the_device(
    module: str, flashed: tuple[Path, dict[str, int]]
) -> None:
    """C11: they are on the storage medium, and main.py leads to each part of them."""
    _folder, sizes = flashed
    for part in MODULES[module]:
        assert "wattpact/%s.mpy" % part in sizes, part


def test_the_image_holds_what_main_imports_and_not_what_hosts_need(
    flashed: tuple[Path, dict[str, int]],
) -> None:
    """No ledger's books, no text but the two that a person changes, no cache of CPython."""
    _folder, sizes = flashed
    assert {"boot.py", "main.py", "board.json", "wattpact/esp32/start.mpy"} <= set(sizes)
    assert "wattpact/ledger/machine.mpy" not in sizes
    assert "wattpact/interfaces.mpy" not in sizes
    assert {Path(name).suffix for name in sizes} == {".py", ".mpy", ".json"}
    assert [name for name in sizes if name.endswith(".py")] == ["boot.py", "main.py"]


def test_drivers_that_are_imported_late_are_there() -> None:
    """Settings may name another meter than the board's own."""
    names = image.reached()
    for part in ("chips/ade7953", "chips/atm90e32", "modbus/pzem004t", "modbus/float_meter"):
        assert "wattpact/metering/%s.py" % part in names
    for way in ("wifi", "ethernet", "ppp", "modem"):
        assert "wattpact/esp32/access/%s.py" % way in names


@pytest.fixture(scope="module")
def without_emitter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image of the virtual board."""
    folder = tmp_path_factory.mktemp("virtual")
    image.make("virtual", folder)
    return folder


def test_an_image_is_for_the_processor_of_its_board(
    flashed: tuple[Path, dict[str, int]], without_emitter: Path
) -> None:
    """.mpy files say for whom their machine code is; a board without an emitter gets none."""
    folder, _sizes = flashed
    for board, place in (("circuitsetup-6ch", folder), ("virtual", without_emitter)):
        text = (place / "board.json").read_bytes()
        assert text == (image.BOARDS / board / "board.json").read_bytes()
        has_code = (place / "wattpact/crypto/viper.mpy").exists()
        assert has_code == (json.loads(text)["mpy_arch"] != image.BYTECODE)


def test_the_image_runs_on_micropython(without_emitter: Path) -> None:
    """The compiled files, in main.py's order; all but what needs the board's own modules."""
    first = re.findall(r'"(wattpact[\w.]+)"', (image.FIRMWARE / "main.py").read_text())
    names = [
        path.relative_to(without_emitter).with_suffix("").as_posix().replace("/", ".")
        for path in sorted(without_emitter.rglob("*.mpy"))
        if "esp32" not in path.parts and path.stem != "__init__"
    ]
    asked = [*first, *names]
    source = "for name in %r:\n    __import__(name)\nprint('all %d')" % (asked, len(asked))
    modules = image.ROOT / "sim" / "vm" / "modules"  # asyncio, which a board has frozen
    machine = Machine(288 * 1024, {"/flash": without_emitter, "/modules": modules})
    assert machine.run(source) == ["all %d" % len(asked)]


def test_boot_and_main_are_short() -> None:
    """Under sixty lines together: what they do is tested elsewhere."""
    lines = [(image.FIRMWARE / name).read_text().count("\n") for name in image.TEXTS]
    assert sum(lines) < 60
