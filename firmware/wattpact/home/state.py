# SPDX-License-Identifier: Apache-2.0
"""What Home Assistant is told of a meter again and again, as one JSON object: see discovery.py for its keys."""

import json
from binascii import hexlify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..metering.measurement import Measurement
    from ..metering.slots import SlotMeter
    from ..node.meter import MeterNode


def state(node: "MeterNode", meter: "SlotMeter", now: int) -> bytes:
    """Registers in whole Wh, what flows now, and what the node trades. What nobody knows is null."""
    registers = meter.counters
    figures: "dict[str, Any]" = {
        "import_wh": registers.imported.uwh // 1000000,
        "export_wh": registers.exported.uwh // 1000000,
        "standing": node.standing(now),
        "coins_ug": node.buying.wallet.free_ug(),
        "plant": None,
        "price_micro": None,
        "reliability_ppm": None,
    }
    figures.update(_flow(meter.measurement))
    purchase = node.buying.under_way.at(now)
    if purchase is not None:
        figures["plant"] = hexlify(purchase.plant_id).decode()
        figures["price_micro"] = purchase.contract.price
        entry = node.book.get(purchase.plant_id)
        if entry is not None:
            figures["reliability_ppm"] = node.book.judgement(entry, now).ppm
    return json.dumps(figures).encode()


def _flow(measurement: "Measurement | None") -> "dict[str, Any]":
    if measurement is None:
        return {"power_mw": None, "frequency_mhz": None}
    figures: "dict[str, Any]" = {
        "power_mw": measurement.power_mw,
        "frequency_mhz": measurement.frequency_mhz or None,
    }
    for index, phase in enumerate(measurement.phases):
        figures["voltage_mv_l%d" % (index + 1)] = phase.voltage_mv
        figures["current_ma_l%d" % (index + 1)] = phase.current_ma
    return figures
