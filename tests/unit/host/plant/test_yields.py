# SPDX-License-Identifier: Apache-2.0
"""Quarter hours from a file that grows, and never a 0 that nobody wrote."""

from pathlib import Path

import pytest

from host.plant.yields import LOOK_S, PATIENCE_S, CsvYield

SLOT_S = 900
FIRST = 1_748_858_400  # 2025-06-02T10:00:00Z


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "yield.csv"
    path.write_text("time,east,west\n")
    return path


def row(path: Path, time: str, *cells: str) -> None:
    with path.open("a") as file:
        file.write(",".join((time, *cells)) + "\n")


def test_a_row_is_its_slots_reading_in_any_offset(log: Path) -> None:
    source = CsvYield(log, "west", SLOT_S, FIRST + 3)
    assert source.wake_at == FIRST + SLOT_S + LOOK_S
    row(log, "2025-06-02T12:00:00+02:00", "11", "22")
    (reading,) = source.on_tick(FIRST + SLOT_S + LOOK_S)
    assert (reading.slot, reading.export_wh, reading.import_wh) == (FIRST, 22, 0)
    assert reading.valid
    row(log, "2025-06-02T10:15:00Z", "1", "0")
    (reading,) = source.on_tick(FIRST + 2 * SLOT_S)
    assert (reading.export_wh, reading.export_register_wh) == (0, 22)
    assert reading.valid


def test_a_row_that_is_late_is_waited_for(log: Path) -> None:
    source = CsvYield(log, "east", SLOT_S, FIRST)
    now = FIRST + SLOT_S + LOOK_S
    assert source.on_tick(now) == []
    assert source.wake_at == now + LOOK_S
    row(log, "2025-06-02T10:00:00+00:00", "7", "8")
    (reading,) = source.on_tick(now + LOOK_S)
    assert (reading.export_wh, reading.valid) == (7, True)


def test_a_row_that_does_not_come_is_an_invalid_reading(log: Path) -> None:
    source = CsvYield(log, "east", SLOT_S, FIRST)
    (reading,) = source.on_tick(FIRST + SLOT_S + PATIENCE_S)
    assert not reading.valid
    assert "no row" in reading.reason
    assert source.wake_at == FIRST + 2 * SLOT_S + LOOK_S


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no column"),
        ("time,west\n", "no column"),
        ("time;east\n", "no column"),
        ("time,east\n2025-06-02T10:00:00,7\n", "no row"),  # no offset: it could be any slot
        ("time,east\n2025-06-02T10:00:00Z\n", "'' is no whole number"),
        ("time,east\n2025-06-02T10:00:00Z,7.5\n", "no whole number"),
        ("time,east\n2025-06-02T10:00:00Z,-1\n", "cannot be"),
        ("time,east\n2025-06-02T10:00:00Z,99999999\n", "cannot be"),
        ("time,east\n\udcff", "can't decode"),
    ],
)
def test_what_is_no_row_is_told(log: Path, content: str, reason: str) -> None:
    log.write_bytes(content.encode("utf-8", "surrogateescape"))
    (reading,) = CsvYield(log, "east", SLOT_S, FIRST).on_tick(FIRST + SLOT_S + PATIENCE_S)
    assert not reading.valid
    assert reason in reading.reason


def test_a_file_that_is_gone_is_told_and_taken_again_when_it_is_back(log: Path) -> None:
    source = CsvYield(log, "east", SLOT_S, FIRST)
    log.unlink()
    (reading,) = source.on_tick(FIRST + SLOT_S + PATIENCE_S)
    assert "No such file" in reading.reason
    log.write_text("time,east\n2025-06-02T10:15:00Z,5\n")
    (reading,) = source.on_tick(FIRST + 2 * SLOT_S)
    assert (reading.export_wh, reading.valid) == (5, True)


def test_slots_that_a_sleeping_machine_missed_come_one_by_one(log: Path) -> None:
    source = CsvYield(log, "east", SLOT_S, FIRST)
    row(log, "2025-06-02T10:15:00Z", "2", "0")
    readings = source.on_tick(FIRST + 3 * SLOT_S + PATIENCE_S)
    assert [(reading.slot, reading.valid) for reading in readings] == [
        (FIRST, False),
        (FIRST + SLOT_S, True),
        (FIRST + 2 * SLOT_S, False),
    ]
