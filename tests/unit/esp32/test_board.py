# SPDX-License-Identifier: Apache-2.0
"""board.json becomes parts on the right pins; adding a board adds a folder; what contradicts itself is told."""

import copy
import json
from pathlib import Path
from typing import Any

import machine
import network
import pytest

from sim.world.chips.atm90e32 import Atm90e32Model, Input
from sim.world.chips.mains import Mains, drawing
from sim.world.chips.modbus.meters import modelled
from sim.world.chips.spi import SpiWires
from sim.world.electricity import Electricity, Phase
from tests.unit.esp32.conftest import Slept
from wattpact.errors import BusError
from wattpact.esp32.access.chosen import access_of
from wattpact.esp32.board import Board
from wattpact.interfaces import MeterDriver

BOARDS = Path(__file__).resolve().parents[3] / "boards"
FOLDERS = sorted(path.parent for path in BOARDS.glob("*/board.json"))
ENTERED = {"ssid": "home", "apn": "iot.example"}
KEY = "correct horse"
VOLTS_MV = 230_000


def described(name: str) -> dict[str, Any]:
    return json.loads((BOARDS / name / "board.json").read_text())


class Slave:
    """Modbus meters on a UART, asked as they come."""

    def __init__(self, slept: Slept, *meters: Any) -> None:
        self.waiting = bytearray()
        self.meters = meters
        self.slept = slept

    def heard(self, content: bytes) -> None:
        for meter in self.meters:
            self.waiting += meter.hear(content, self.slept.ms * 1000) or b""


def chip_on(pin: int, row: dict[str, Any], mains: Mains) -> Atm90e32Model:
    """A modelled chip whose select is GPIO `pin`, wired as the row of board.json is calibrated."""
    gains = [row["calibration"].get(name) for name in "abc"]
    wired = [
        Input(at, gain["voltage_gain"], gain["current_gain"]) if gain else None
        for at, gain in enumerate(gains)
    ]
    model = Atm90e32Model(mains, (wired[0], wired[1], wired[2]))
    wires = SpiWires(1, 1, 200_000)
    select = wires.select(model)

    def exchange(frame: bytes) -> bytes:
        answer = bytearray(len(frame))
        select(0)
        wires.write_readinto(frame, answer)
        select(1)
        return bytes(answer)

    machine.chips[pin] = exchange
    return model


def fitted(description: dict[str, Any], slept: Slept) -> Board:
    """The board with a model behind every pin that it names: 1.2 kW through each chip, 3 kW through Modbus meters."""
    mains = Mains(lambda _: [drawing(400, VOLTS_MV)] * 3, description["line_hz"] * 1000)
    world = Electricity([Phase(VOLTS_MV, 1_000_000)] * 3, description["line_hz"] * 1000)
    slave = Slave(
        slept,
        *[
            modelled(row["driver"], world, row["unit"])
            for row in description["meters"]
            if "unit" in row
        ],
    )
    for bus in description["buses"].values():
        if bus["kind"] == "uart":
            for meter in slave.meters:
                meter.baud = bus["baud"]
            machine.serials[bus["id"]] = slave
    if description["access"]["kind"] == "ppp":
        machine.serials[description["access"]["id"]] = Slave(slept)
    for row in description["meters"]:
        if "cs" in row:
            chip_on(row["cs"], row, mains)

    def passes(ms: int) -> None:
        mains.sleep_ms(ms)
        world.pass_time(ms * 1000)

    slept.passes = passes
    slept.sleep_ms(100)
    return Board(description)


def pins_made() -> set[int]:
    """Every GPIO that a part was built on."""
    found = set(machine.pins)
    for kind, how in machine.made:
        if kind in {"SPI", "UART", "I2C"}:
            found |= set(how[-1])
    for kind, how in network.made:
        if kind == "LAN":
            found |= {how["mdc"], how["mdio"], how["power"], how.get("ref_clk")}
    return found - {None}


def pins_named(description: dict[str, Any]) -> set[int]:
    """Every GPIO in board.json."""
    names = {"sck", "miso", "mosi", "scl", "sda", "tx", "rx", "de", "mdc", "mdio", "power"}
    names |= {"ref_clk", "power_key", "cs", "pin"}
    parts = [*description["buses"].values(), description["access"], *description["meters"]]
    parts += description["access"].get("levels", [])
    return {part[name] for part in parts for name in names & set(part)} - {None}


def read(driver: MeterDriver, slept: Slept) -> int:
    """Power in mW, after the device was set up and some time has passed."""
    for attempt in range(3):
        slept.sleep_ms(1000)
        try:
            return driver.read().power_mw
        except BusError:
            if attempt == 2:
                raise
    raise AssertionError


def try_out(description: dict[str, Any], slept: Slept) -> None:
    """Build everything that the board has, read every meter, and see that it happened on the board's pins."""
    board = fitted(description, slept)
    for row in description["meters"]:
        driver, same = board.meter(row["name"])
        assert same is row
        power_mw = read(driver, slept)
        expected = 400_000 * len(set(row.get("calibration", {})) & set("abc"))
        if "unit" in row:
            expected = 1_000_000 if row["driver"] in {"sdm120", "sdm230"} else 3_000_000
        assert abs(power_mw - expected) <= expected // 200, row["name"]
    access_of(board.access, ENTERED, KEY, slept.pause_ms)
    assert pins_made() == pins_named(description)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_board_is_built_on_its_pins_and_reads_its_meters(folder: Path, slept: Slept) -> None:
    """Buses, drivers and the way into the network, from the data alone, against modelled chips and meters."""
    try_out(described(folder.name), slept)


def moved(description: dict[str, Any], by: dict[int, int]) -> dict[str, Any]:
    """The same with other GPIOs in place of those in `by`."""
    pins = {"sck", "miso", "mosi", "tx", "rx", "de", "mdc", "mdio", "cs", "pin", "power_key"}

    def each(fields: dict[str, Any]) -> dict[str, Any]:
        return {
            name: by.get(value, value) if name in pins else value for name, value in fields.items()
        }

    return json.loads(json.dumps(description), object_hook=each)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_board_that_is_a_copy_with_other_pins_needs_no_code(
    folder: Path, slept: Slept, tmp_path: Path
) -> None:
    """Copy the folder, change name and GPIOs, and everything works on those."""
    new = tmp_path / "acme-copy"
    new.mkdir()
    description = described(folder.name)
    by = {18: 14, 19: 13, 23: 15, 5: 27, 4: 26, 17: 33, 22: 32, 27: 12}
    if description["mcu"] == "esp32s3":
        by = {17: 4, 18: 5}
    used = pins_named(description)
    by = {old: pin for old, pin in by.items() if old in used and pin not in used - set(by)}
    assert by
    text = json.dumps({**moved(description, by), "board": "acme-copy"})
    (new / "board.json").write_text(text)
    copied = json.loads((new / "board.json").read_text())
    assert pins_named(copied) != used
    try_out(copied, slept)


def changed(name: str, *path: Any, to: Any) -> dict[str, Any]:
    """A board's description with one thing in it that is another."""
    description = copy.deepcopy(described(name))
    part: Any = description
    for step in path[:-1]:
        part = part[step]
    if to is None:
        del part[path[-1]]
    else:
        part[path[-1]] = to
    return description


@pytest.mark.parametrize(
    ("description", "told"),
    [
        (changed("circuitsetup-6ch", "line_hz", to=None), "line_hz is missing"),
        (changed("circuitsetup-6ch", "line_hz", to="50"), "line_hz is missing, or no int"),
        (changed("circuitsetup-6ch", "meters", 0, "bus", to="x"), "no bus is called x"),
        (changed("circuitsetup-6ch", "meters", 0, "cs", to=None), "meters.0.cs is missing"),
        (changed("circuitsetup-6ch", "meters", 1, "cs", to=5), "GPIO 5 is .* and .*"),
        (changed("circuitsetup-6ch", "meters", 1, "cs", to=35), "GPIO 35 is an input only"),
        (changed("circuitsetup-6ch", "meters", 1, "cs", to=6), "GPIO 6 is the flash's"),
        (changed("circuitsetup-6ch", "meters", 1, "name", to="ct1-ct3"), "there are two"),
        (changed("circuitsetup-6ch", "meters", to=[]), "nothing is measured"),
        (changed("wt32-eth01", "buses", "rs485", "tx", to=23), "GPIO 23 is .* and .*"),
        (changed("wt32-eth01", "meters", 0, "unit", to=None), "meters.0.unit is missing"),
        (changed("lilygo-t-sim7600", "access", "power_key", to=36), "input only"),
        (changed("lilygo-t-sim7600", "access", "levels", 0, "pin", to=27), "GPIO 27 is .* and"),
        (changed("waveshare-esp32-s3-relay-6ch", "buses", "rs485", "rx", to=28), "flash's"),
    ],
)
def test_a_board_that_contradicts_itself_is_told_where(
    description: dict[str, Any], told: str
) -> None:
    """Before a pin is touched."""
    with pytest.raises(ValueError, match=told):
        Board(description)
    assert machine.made == []


@pytest.mark.parametrize("driver", ["atm90e36", "sdm999"])
def test_a_driver_that_does_not_exist_is_told(driver: str, slept: Slept) -> None:
    """On either kind of bus."""
    for name in ("circuitsetup-6ch", "olimex-esp32-evb"):
        description = changed(name, "meters", 0, "driver", to=driver)
        machine.serials[1] = Slave(slept)
        with pytest.raises(ValueError, match="no driver is called " + driver):
            Board(description).meter("")


def test_chips_that_need_different_modes_do_not_share_wires(slept: Slept) -> None:
    """An ADE7953 wants mode 0, an ATM90E32 mode 3."""
    counts = {"channel": 0, "voltage_counts_per_v": 26_000, "current_counts_per_a": 100_000}
    counts |= {"power_counts_per_kw": 154_000, "energy_counts_per_kwh": 23_590_800}
    description = changed("circuitsetup-6ch", "meters", 1, "driver", to="ade7953")
    description["meters"][1]["calibration"] = counts
    board = Board(description)
    board.meter("ct1-ct3")
    with pytest.raises(ValueError, match="different SPI modes"):
        board.meter("ct4-ct6")


def test_meters_of_the_settings_take_the_place_of_the_boards(slept: Slept) -> None:
    """Another meter on the line, or a calibrated chip: the same fields, the same checks."""
    board = Board(described("olimex-esp32-evb"))
    machine.serials[1] = Slave(slept)
    row = {"name": "roof", "driver": "sdm120", "rated_w": 5000, "bus": "rs485", "unit": 7}
    board.use_meters([row])
    assert board.meter("")[1] is row
    with pytest.raises(ValueError, match="no meter is called mains"):
        board.meter("mains")
    with pytest.raises(ValueError, match="rated_w is missing"):
        board.use_meters([{**row, "rated_w": "5 kW"}])


def test_a_secure_element_needs_an_i2c_bus(slept: Slept) -> None:
    """key.bus names one of the buses."""
    description = described("olimex-esp32-evb")
    description["buses"]["uext"] = {
        "kind": "i2c",
        "id": 0,
        "scl": 16,
        "sda": 13,
        "clock_hz": 100000,
    }
    board = Board(description)
    assert board.i2c("uext") is board.i2c("uext")
    assert machine.made == [("I2C", (0, 100000, (16, 13)))]
    with pytest.raises(ValueError, match="not an I2C bus"):
        board.i2c("rs485")


def test_an_ade7953_on_i2c_is_found_at_its_address(slept: Slept) -> None:
    """And one that is not there says so when it is read, not when it is built."""
    description = described("olimex-esp32-evb")
    description["buses"] = {"i2c": {"kind": "i2c", "id": 0, "scl": 16, "sda": 13, "clock_hz": 1}}
    row: dict[str, Any] = {
        "name": "m",
        "driver": "ade7953",
        "rated_w": 9000,
        "bus": "i2c",
        "address": 56,
    }
    row["calibration"] = {
        "channel": 0,
        "voltage_counts_per_v": 26_000,
        "current_counts_per_a": 100_000,
        "power_counts_per_kw": 154_000,
        "energy_counts_per_kwh": 23_590_800,
    }
    description["meters"] = [row]
    driver, _row = Board(description).meter("m")
    with pytest.raises(BusError, match="check"):
        driver.read()
