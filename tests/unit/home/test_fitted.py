# SPDX-License-Identifier: Apache-2.0
"""Home Assistant for a node as it is: its own topics, its phases, the core of now."""

import json
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import wattpact
from tests.trade.world import World
from tests.unit.home.test_state import READ, meter
from wattpact.home.fitted import fitted
from wattpact.wire import topics

ROOT = Path(__file__).resolve().parents[3]


def test_it_describes_the_meter_when_it_was_read_and_tells_the_core_of_now() -> None:
    world = World()
    board = world.add_meter("home")
    member = world.member("home")
    source: Any = meter(None)
    home = fitted("", member, lambda: board.meter, source, "virtual", lambda _n: 0)
    prefix = topics.home(member.network, member.register.owner)
    assert home.filter == prefix + "/status"
    home.on_connected(world.clock)
    ((topic, figures, retained),) = home.on_tick(world.clock)
    assert (topic, retained) == (prefix + "/state/" + member.kid.hex(), False)
    assert json.loads(figures)["standing"] == "idle"
    source.measurement = READ
    board.meter.preferences.paused = True
    config, state = home.on_tick(home.wake_at)
    assert config[0] == "%s/device/%s/config" % (prefix, member.kid.hex())
    described = json.loads(config[1])
    assert "voltage_mv_l3" in described["cmps"]
    assert described["avty_t"].endswith(member.kid.hex() + "/out/presence")
    assert json.loads(state[1])["standing"] == "paused"


def test_another_prefix_is_taken_as_it_is() -> None:
    world = World()
    board = world.add_meter("home")
    idle: Any = SimpleNamespace(measurement=None)
    home = fitted(
        "homeassistant", world.member("home"), lambda: board.meter, idle, "x", lambda _n: 0
    )
    assert home.filter == "homeassistant/status"


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert wattpact.__version__ == project["version"]
