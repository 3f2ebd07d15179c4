# SPDX-License-Identifier: Apache-2.0
"""The description of a meter: by the rules of Home Assistant 2025.2, and by its own code where it is installed."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from wattpact.home.discovery import CURRENCIES, STANDINGS, device

KID = "00112233445566ff"
JUDGE = Path(__file__).with_name("with_home_assistant.py")
UNITS = {  # homeassistant/components/sensor/const.py: what a device class may be measured in
    "energy": {"Wh", "kWh", "MWh", "J"},
    "power": {"mW", "W", "kW"},
    "voltage": {"V", "mV"},
    "current": {"A", "mA"},
    "frequency": {"Hz", "kHz"},
}
COUNTS = {  # and how it may count
    "energy": {"total", "total_increasing"},
    "power": {"measurement"},
    "voltage": {"measurement"},
    "current": {"measurement"},
    "frequency": {"measurement"},
    "": {"measurement"},
}
KEYS = {"p", "uniq_id", "name", "val_tpl", "exp_aft", "unit_of_meas", "stat_cla", "dev_cla", "ops"}
PACKET_MOST = 8192


def described(phases: int = 1, currency: int = 978) -> bytes:
    return device(KID, "home/state/" + KID, "x/out/presence", "virtual", "0.1", currency, phases)


def sensors(phases: int = 1) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(described(phases))["cmps"]
    return found


@pytest.mark.parametrize("phases", [1, 3])
def test_the_device_has_what_home_assistant_requires(phases: int) -> None:
    whole = json.loads(described(phases))
    assert whole["dev"]["ids"] == [KID]
    assert whole["o"]["name"]
    assert whole["stat_t"] == "home/state/" + KID
    assert whole["avty_t"] == "x/out/presence"
    assert len(described(phases)) < PACKET_MOST


@pytest.mark.parametrize("name", sorted(sensors(3)))
def test_a_sensor_is_one_that_home_assistant_takes(name: str) -> None:
    sensor = sensors(3)[name]
    kind = sensor.get("dev_cla", "")
    assert set(sensor) <= KEYS
    assert sensor["p"] == "sensor"
    assert re.fullmatch(r"[a-zA-Z0-9_-]+", name)
    assert sensor["uniq_id"] == "%s_%s" % (KID, name)
    if kind == "enum":
        assert sensor["ops"] == list(STANDINGS)
        assert "unit_of_meas" not in sensor
        assert "stat_cla" not in sensor
    elif "unit_of_meas" in sensor:
        assert sensor["stat_cla"] in COUNTS[kind]
        assert not kind or sensor["unit_of_meas"] in UNITS[kind]
    else:
        assert "stat_cla" not in sensor


def test_phases_have_sensors_of_their_own() -> None:
    assert {"voltage_mv_l1", "current_ma_l1"} <= set(sensors(1))
    assert set(sensors(3)) - set(sensors(1)) == {
        "voltage_mv_l2",
        "voltage_mv_l3",
        "current_ma_l2",
        "current_ma_l3",
    }


def test_a_price_is_per_kwh_in_the_currency_of_the_network() -> None:
    assert sensors()["price_micro"]["unit_of_meas"] == "EUR/kWh"
    for number, name in CURRENCIES.items():
        unit = json.loads(described(currency=number))["cmps"]["price_micro"]["unit_of_meas"]
        assert unit == name + "/kWh"


@pytest.mark.skipif(
    "HOME_ASSISTANT_PYTHON" not in os.environ,
    reason="needs Python 3.13 with Home Assistant: docs/home-assistant.md says how",
)
@pytest.mark.parametrize("phases", [1, 3])
def test_home_assistants_own_code_takes_it(phases: int) -> None:
    judge = [os.environ["HOME_ASSISTANT_PYTHON"], str(JUDGE)]
    good = subprocess.run(judge, input=described(phases), capture_output=True, check=False)
    assert good.returncode == 0, good.stderr.decode()
    assert good.stdout.decode().split() == list(sensors(phases))
    wrong = described(phases).replace(b'"energy"', b'"enrgy"')
    bad = subprocess.run(judge, input=wrong, capture_output=True, check=False)
    assert bad.returncode != 0
