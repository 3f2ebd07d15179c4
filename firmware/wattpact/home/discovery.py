# SPDX-License-Identifier: Apache-2.0
"""What Home Assistant is told of a meter once: one device with its sensors (MQTT discovery of devices, 2024.11 on).

Keys are Home Assistant's own short forms. Figures travel as integers in the units of Measurement, and a template of the
sensor scales them, so no float is made here. A figure that is not there is null, and the sensor "unknown": never 0.
"""

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STANDINGS = ("idle", "agreed", "buying", "paused", "no_reading", "chain_silent", "alarm")
EXPIRE_S = 300  # after which figures that did not come again are unknown
CURRENCIES = {  # ISO 4217
    156: "CNY",
    208: "DKK",
    392: "JPY",
    756: "CHF",
    826: "GBP",
    840: "USD",
    978: "EUR",
}

# key, name, what the template divides by, unit, device class, state class
_SENSORS = (
    ("import_wh", "Energy imported", 1, "Wh", "energy", "total_increasing"),
    ("export_wh", "Energy exported", 1, "Wh", "energy", "total_increasing"),
    ("power_mw", "Power", 1000, "W", "power", "measurement"),
    ("frequency_mhz", "Frequency", 1000, "Hz", "frequency", "measurement"),
    ("reliability_ppm", "Reliability of the plant", 10000, "%", "", "measurement"),
    ("coins_ug", "Carbon coins", 1000000, "g", "", "measurement"),
)
_PHASE_SENSORS = (
    ("voltage_mv", "Voltage", 1000, "V", "voltage", "measurement"),
    ("current_ma", "Current", 1000, "A", "current", "measurement"),
)


def device(
    kid: str,
    state_topic: str,
    presence_topic: str,
    model: str,
    version: str,
    currency: int,
    phases: int,
) -> bytes:
    """The retained payload of `<prefix>/device/<kid>/config`. `kid` is hex, `currency` ISO 4217's number."""
    components: "dict[str, Any]" = {}
    for key, name, scale, unit, kind, counts in _SENSORS:
        components[key] = _sensor(kid, key, name, scale, unit, kind, counts)
    for key, name, scale, unit, kind, counts in _PHASE_SENSORS:
        for phase in range(phases):
            named = name + (" L%d" % (phase + 1) if phases > 1 else "")
            own = "%s_l%d" % (key, phase + 1)
            components[own] = _sensor(kid, own, named, scale, unit, kind, counts)
    unit = CURRENCIES.get(currency, "%d" % currency) + "/kWh"
    components["price_micro"] = _sensor(
        kid, "price_micro", "Contract price", 1000000, unit, "", "measurement"
    )
    components["plant"] = _text(kid, "plant", "Plant")
    components["standing"] = _text(kid, "standing", "Trading")
    components["standing"].update({"dev_cla": "enum", "ops": list(STANDINGS)})
    return json.dumps(
        {
            "dev": {
                "ids": [kid],
                "name": "Meter " + kid[:4],
                "mf": "Wattpact",
                "mdl": model,
                "sw": version,
            },
            "o": {"name": "wattpact", "sw": version},
            "stat_t": state_topic,
            "avty_t": presence_topic,
            "avty_tpl": "{{ value.split(' ')[0] }}",
            "cmps": components,
        }
    ).encode()


def _sensor(
    kid: str, key: str, name: str, scale: int, unit: str, kind: str, counts: str
) -> "dict[str, Any]":
    sensor = _text(kid, key, name)
    if scale > 1:
        value = "value_json." + key
        sensor["val_tpl"] = "{{ none if %s is none else %s / %d }}" % (value, value, scale)
    sensor["unit_of_meas"] = unit
    sensor["stat_cla"] = counts
    if kind:
        sensor["dev_cla"] = kind
    return sensor


def _text(kid: str, key: str, name: str) -> "dict[str, Any]":
    return {
        "p": "sensor",
        "uniq_id": kid + "_" + key,
        "name": name,
        "val_tpl": "{{ value_json.%s }}" % key,
        "exp_aft": EXPIRE_S,
    }
