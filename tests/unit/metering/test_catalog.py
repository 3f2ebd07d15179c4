# SPDX-License-Identifier: Apache-2.0
"""Names, codes and what stands in the documents about them."""

import re
from pathlib import Path

from wattpact.metering.catalog import MODBUS_METERS, OBIS, PHASE_OBIS
from wattpact.metering.measurement import Measurement, Phase

PAGE = Path(__file__).resolve().parents[3] / "docs" / "metering.md"


def test_every_obis_code_names_a_field_that_a_measurement_has() -> None:
    """And is one of abstract or electricity objects, A-B:C.D.E."""
    phase = Phase(230_000, 0, 0)
    measurement = Measurement(0, 0, [phase], 50_000)
    for name, code, unit in OBIS:
        assert hasattr(measurement, name)
        assert re.fullmatch(r"1-0:\d+\.[78]\.0", code)
        assert name.endswith("_" + unit.lower())
    for name, _group, unit in PHASE_OBIS:
        assert hasattr(phase, name)
        assert name.endswith("_" + unit.lower())


def test_the_page_names_every_meter_and_every_code() -> None:
    """A reader looks there first."""
    page = PAGE.read_text()
    for name, maker, _bauds, _parity, _stop in MODBUS_METERS:
        assert "| `%s` |" % name in page
        assert maker.split(",")[0] in page
    for name, code, _unit in OBIS:
        assert "| `%s` | %s |" % (name, code) in page
    for name, group, _unit in PHASE_OBIS:
        assert "| `%s` | 1-0:%d.7.0 |" % (name, group) in page
