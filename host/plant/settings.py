# SPDX-License-Identifier: Apache-2.0
"""plant.json: what the operator asks for a kWh, and how each panel is metered.

    {"price_micro": 180000,
     "panels": {"<panel id>": {"csv": "yield.csv", "column": "east"},
                "<panel id>": {"modbus": "/dev/ttyUSB0", "meter": "sdm120", "address": 1}}}

A panel may also have `margin_ppm` (share of its forecast that is offered) and `clear_day_wh` (Wh per slot of a clear
day from local midnight; without it a half sine over the registered service time). Every mistake is told with its
place.
"""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from wattpact.metering.catalog import MODBUS_METERS
from wattpact.units import DAY_S, PPM, PRICE_MAX, panel_slot_wh_max
from wattpact.wire.messages import Genesis, Register

from ..errors import PlantError

MARGIN_PPM = 900_000
SUNNY_PPM = 700_000
"""Of its rated power, what a panel that nothing else is known of is expected to yield at noon of a clear day."""
ADDRESS_MAX = 247  # Modbus over serial line, 2.2
BAUD_RATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)


@dataclass(frozen=True)
class CsvColumn:
    """A panel whose quarter hours somebody writes to a file."""

    path: Path
    column: str


@dataclass(frozen=True)
class ModbusMeter:
    """A panel behind a meter on a serial line. `baud` None: as the meter is delivered."""

    device: str
    meter: str
    address: int
    baud: int | None
    rated_w: int


@dataclass(frozen=True)
class Panel:
    """One panel as its operator set it up."""

    panel_id: bytes
    source: CsvColumn | ModbusMeter
    margin_ppm: int
    clear_day_wh: list[int]


@dataclass(frozen=True)
class Settings:
    """The whole file."""

    price: int
    panels: list[Panel]


class _Fault(Exception):
    """What is wrong in the file; the file is added by `read`."""


def read(path: Path, genesis: Genesis, register: Register, now: int) -> Settings:
    """Checked against the plant's registration; PlantError in one line."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return _settings(content, path.parent, genesis, register, now)
    except FileNotFoundError:
        raise PlantError(
            "%s: is missing; write it like this: %s" % (path, example(register))
        ) from None
    except OSError as error:
        raise PlantError("%s: %s" % (path, error.strerror)) from error
    except ValueError as error:
        raise PlantError("%s: is no JSON: %s" % (path, error)) from error
    except _Fault as fault:
        raise PlantError("%s: %s" % (path, fault)) from None


def example(register: Register) -> str:
    """A plant.json for this plant."""
    panels = {
        panel_id.hex(): {"csv": "yield.csv", "column": "panel %d" % (number + 1)}
        for number, (panel_id, _rated_w, _preset_wh) in enumerate(register.panels)
    }
    return json.dumps({"price_micro": 200_000, "panels": panels})


def _settings(
    content: Any, folder: Path, genesis: Genesis, register: Register, now: int
) -> Settings:
    whole = _object(content, "", ("price_micro", "panels"))
    price = _figure(whole.get("price_micro"), "price_micro", 1, PRICE_MAX)
    rows = _object(whole.get("panels"), "panels", None)
    known = {panel_id.hex(): rated_w for panel_id, rated_w, _preset_wh in register.panels}
    for name in rows:
        if name not in known:
            raise _Fault("panels: %s is not registered as one of this plant's" % name)
    for name in known:
        if name not in rows:
            raise _Fault("panels: %s is registered and missing" % name)
    panels = [
        _panel(name, rows[name], folder, known[name], genesis, register, now)
        for name in sorted(known)
    ]
    return Settings(price, panels)


def _panel(
    name: str,
    content: Any,
    folder: Path,
    rated_w: int,
    genesis: Genesis,
    register: Register,
    now: int,
) -> Panel:
    place = "panels.%s" % name
    keys = ("csv", "column", "modbus", "meter", "address", "baud", "margin_ppm", "clear_day_wh")
    row = _object(content, place, keys)
    if ("csv" in row) == ("modbus" in row):
        raise _Fault("%s: must have csv or modbus" % place)
    source: CsvColumn | ModbusMeter
    if "csv" in row:
        source = CsvColumn(
            folder / _text(row["csv"], place + ".csv"),
            _text(row.get("column"), place + ".column"),
        )
    else:
        source = _meter(row, place, rated_w)
    margin = _figure(row.get("margin_ppm", MARGIN_PPM), place + ".margin_ppm", 1, PPM)
    slots = DAY_S // genesis.slot_s
    most = panel_slot_wh_max(rated_w, genesis.slot_s)
    day = row.get("clear_day_wh")
    if day is None:
        day = clear_day(rated_w, register.service[_month(now, genesis)], genesis.slot_s)
    elif not isinstance(day, list) or len(cast("list[Any]", day)) != slots:
        raise _Fault("%s.clear_day_wh: must be a list of %d" % (place, slots))
    figures = [
        _figure(wh, "%s.clear_day_wh[%d]" % (place, number), 0, most)
        for number, wh in enumerate(cast("list[Any]", day))
    ]
    return Panel(bytes.fromhex(name), source, margin, figures)


def _meter(row: dict[str, Any], place: str, rated_w: int) -> ModbusMeter:
    meter = _text(row.get("meter"), place + ".meter")
    names = [each[0] for each in MODBUS_METERS]
    if meter not in names:
        raise _Fault("%s.meter: must be one of %s" % (place, ", ".join(names)))
    baud = row.get("baud")
    if baud is not None and baud not in BAUD_RATES:
        raise _Fault("%s.baud: must be one of %s" % (place, BAUD_RATES))
    address = _figure(row.get("address", 1), place + ".address", 1, ADDRESS_MAX)
    return ModbusMeter(_text(row["modbus"], place + ".modbus"), meter, address, baud, rated_w)


def clear_day(rated_w: int, service: tuple[int, int], slot_s: int) -> list[int]:
    """A half sine between the two local times, Wh per slot."""
    begin, end = service
    noon_wh = rated_w * slot_s * SUNNY_PPM / (PPM * 3600)
    day: list[int] = []
    for middle in range(slot_s // 2, DAY_S, slot_s):
        inside = begin < middle < end
        share = math.sin(math.pi * (middle - begin) / (end - begin)) if inside else 0.0
        day.append(int(noon_wh * share))
    return day


def _month(now: int, genesis: Genesis) -> int:
    """0 to 11, local."""
    return datetime.fromtimestamp(now + genesis.utc_offset_s, UTC).month - 1


def _object(content: Any, place: str, keys: tuple[str, ...] | None) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise _Fault("%smust be an object" % (place and place + ": "))
    found = cast("dict[str, Any]", content)
    for key in found:
        if keys is not None and key not in keys:
            raise _Fault("%s: no such key" % (place + "." + key if place else key))
    return found


def _figure(value: Any, place: str, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise _Fault("%s: must be a whole number from %d to %d" % (place, least, most))
    return value


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise _Fault("%s: must be a text" % place)
    return value
