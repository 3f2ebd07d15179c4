# SPDX-License-Identifier: Apache-2.0
"""plant.json: what is taken, and what each mistake is told as."""

import json
from pathlib import Path
from typing import Any

import pytest

from host.errors import PlantError
from host.plant.settings import CsvColumn, ModbusMeter, Settings, clear_day, example, read
from tests.trade.world import FIRST, World, described, panel_of
from wattpact.units import HOUR_S

ONE, TWO = sorted(panel_of("sun", number).hex() for number in (0, 1))
CSV: dict[str, Any] = {"csv": "yield.csv", "column": "east"}
MODBUS: dict[str, Any] = {"modbus": "/dev/ttyUSB0", "meter": "sdm120", "address": 7}
WHOLE: dict[str, Any] = {"price_micro": 180_000, "panels": {ONE: CSV, TWO: MODBUS}}
WORLD = World()
WORLD.register("sun", described("sun", 2), meter=False)
MEMBER = WORLD.member("sun")


def settings(folder: Path, content: str) -> Settings:
    path = folder / "plant.json"
    path.write_text(content)
    return read(path, MEMBER.genesis, MEMBER.register, FIRST)


def test_a_whole_file_is_taken(tmp_path: Path) -> None:
    found = settings(tmp_path, json.dumps(WHOLE))
    assert found.price == 180_000
    one, two = found.panels
    assert one.source == CsvColumn(tmp_path / "yield.csv", "east")
    assert two.source == ModbusMeter("/dev/ttyUSB0", "sdm120", 7, None, 8_000)
    assert one.clear_day_wh == clear_day(8_000, (6 * HOUR_S, 20 * HOUR_S), 900)


def test_a_day_of_the_operators_own_is_taken(tmp_path: Path) -> None:
    row = {**CSV, "clear_day_wh": list(range(96)), "margin_ppm": 500_000}
    one = settings(tmp_path, json.dumps({**WHOLE, "panels": {ONE: row, TWO: CSV}})).panels[0]
    assert (one.clear_day_wh, one.margin_ppm) == (list(range(96)), 500_000)


def test_the_clear_day_of_a_panel_is_dark_outside_its_service_and_highest_in_the_middle() -> None:
    day = clear_day(8_000, (6 * HOUR_S, 20 * HOUR_S), 900)
    assert len(day) == 96
    assert set(day[:24]) == {0} == set(day[80:])
    assert max(day) == day[51] == day[52]
    assert 1_300 < max(day) < 1_400  # 70 % of 2 kWh


def test_the_example_is_one_that_is_taken(tmp_path: Path) -> None:
    assert len(settings(tmp_path, example(MEMBER.register)).panels) == 2
    with pytest.raises(PlantError, match=r"is missing; write it like this: {.price_micro"):
        read(tmp_path / "nowhere.json", MEMBER.genesis, MEMBER.register, FIRST)


def changed(name: str, **changes: Any) -> dict[str, Any]:
    """WHOLE with another row for a panel."""
    panels = {**WHOLE["panels"], name: {**WHOLE["panels"][name], **changes}}
    return {**WHOLE, "panels": panels}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ([], "must be an object"),
        ({}, "price_micro: must be a whole number"),
        ({**WHOLE, "price_micro": 1.5}, "price_micro: must be a whole number"),
        ({**WHOLE, "price_micro": True}, "price_micro"),
        ({**WHOLE, "price_micro": 0}, "from 1 to"),
        ({**WHOLE, "prize": 1}, "prize: no such key"),
        ({**WHOLE, "panels": []}, "panels: must be an object"),
        ({**WHOLE, "panels": {ONE: CSV}}, "%s is registered and missing" % TWO),
        (
            {**WHOLE, "panels": {**WHOLE["panels"], "ff" * 8: CSV}},
            "ffffffffffffffff is not registered",
        ),
        (changed(ONE, modbus="/dev/x"), "must have csv or modbus"),
        (changed(ONE, column=""), "column: must be a text"),
        (changed(ONE, colour="red"), "panels.%s.colour: no such key" % ONE),
        (changed(ONE, margin_ppm=0), "margin_ppm: must be"),
        (changed(ONE, clear_day_wh=[1] * 95), "must be a list of 96"),
        (changed(ONE, clear_day_wh=[1] * 95 + [10**6]), r"clear_day_wh\[95\]"),
        (changed(TWO, meter="sdm999"), "must be one of sdm120"),
        (changed(TWO, address=0), "address: must be"),
        (changed(TWO, baud=12345), "baud: must be one of"),
    ],
)
def test_each_mistake_is_told_with_its_place(tmp_path: Path, content: Any, told: str) -> None:
    with pytest.raises(PlantError, match=told):
        settings(tmp_path, json.dumps(content))


def test_what_is_no_json_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlantError, match="is no JSON"):
        settings(tmp_path, "{")
