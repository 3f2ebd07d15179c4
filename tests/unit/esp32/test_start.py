# SPDX-License-Identifier: Apache-2.0
"""From a provisioned board's files to a node that meters: what is missing is named, nothing starts too soon."""

import asyncio
import hashlib
import json
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import machine
import network
import ntptime
import pytest
from esp32 import NVS

from sim.world.chips.mains import Mains, drawing
from tests.trade.world import FIRST, SLOT, World, described, kid_of, panel_of
from tests.unit.esp32.conftest import Shared, Slept
from tests.unit.esp32.test_board import chip_on
from wattpact.esp32.start import METER_PREFIX, Node, main
from wattpact.esp32.vault import ACCESS_KEY, NAMESPACE, TRADING_KEY, Vault

BOARDS = Path(__file__).resolve().parents[3] / "boards"
NOW = FIRST - 2 * SLOT - 100
BOARD = "circuitsetup-6ch"
SETTINGS: dict[str, Any] = {
    "slots": 4,
    "usual_day_wh": 150,
    "broker": {"host": "127.0.0.1", "port": 1, "tls": False},
    "access": {"ssid": "home"},
    "ntp": "ntp.example",
}


class Flash:
    """What provisioning wrote, and a switch for the power."""

    def __init__(self, root: Path, name: str = "home", **plant: Any) -> None:
        self.root = root
        self.world = World()
        self.world.register(name, **plant)
        (root / "node").mkdir()
        shutil.copy(BOARDS / BOARD / "board.json", root)
        self.write("node/genesis.cbor", self.world.genesis)
        self.write("node/register.cbor", self.world.registers[name])
        self.settings(SETTINGS)
        vault = Vault(NVS(NAMESPACE))
        vault.write(TRADING_KEY, hashlib.sha256(name.encode()).digest())
        vault.write(ACCESS_KEY, b"correct horse")

    def write(self, name: str, content: bytes) -> None:
        (self.root / name).write_bytes(content)

    def settings(self, settings: dict[str, Any]) -> None:
        self.write("node/settings.json", json.dumps(settings).encode())

    def node(self) -> Node:
        return Node(str(self.root))


@pytest.fixture
def flash(tmp_path: Path) -> Flash:
    return Flash(tmp_path)


@pytest.fixture(autouse=True)
def at_noon(slept: Slept, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's time goes with the virtual one, from 1970 as after power-on until somebody writes it."""
    set_at: list[int] = []

    class Rtc(machine.RTC):
        def datetime(self, datetimetuple: tuple[int, ...]) -> None:
            set_at[:] = [NOW - slept.ms // 1000]

    monkeypatch.setattr("wattpact.esp32.start.RTC", Rtc)
    monkeypatch.setattr(time, "time", lambda: (set_at[-1] if set_at else 0) + slept.ms // 1000)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("board.json", "/board.json is missing: provision"),
        ("node/settings.json", "/node/settings.json is missing"),
        ("node/genesis.cbor", "/node/genesis.cbor is missing"),
        ("node/register.cbor", "/node/register.cbor is missing"),
    ],
)
def test_a_missing_file_is_named(missing: str, told: str, flash: Flash) -> None:
    """And no watchdog runs: the owner has all the time in the world."""
    (flash.root / missing).unlink()
    with pytest.raises(ValueError, match=told):
        flash.node()
    assert "WDT" not in dict(machine.made)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"broker": {}}, "broker.host is missing"),
        ({"broker": {"host": "x"}}, "no TLS key"),
        ({"access": {}}, "access.ssid is missing"),
        ({"usual_day_wh": "much"}, "usual_day_wh"),
        ({"meters": []}, "nothing is measured"),
        ({"preferences": {"paused": 1}}, "paused"),
    ],
)
def test_a_wrong_setting_is_named_before_anything_runs(
    change: dict[str, Any], told: str, flash: Flash
) -> None:
    """Whoever wrote it reads it on the console."""
    flash.settings({**SETTINGS, **change})
    with pytest.raises(ValueError, match=told):
        flash.node()


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_settings_that_are_no_json_object_are_named(content: bytes, flash: Flash) -> None:
    """An editor's accident."""
    flash.write("node/settings.json", content)
    with pytest.raises(ValueError, match=r"/node/settings\.json: "):
        flash.node()


def test_a_board_without_a_trading_key_does_not_start(flash: Flash) -> None:
    """There is no default key."""
    Vault(NVS(NAMESPACE)).write(TRADING_KEY, b"")
    with pytest.raises(ValueError, match="no trading key: provision"):
        flash.node()


def test_files_of_another_device_are_told(flash: Flash) -> None:
    """A registration for another key."""
    other = World()
    other.register("another")
    flash.write("node/register.cbor", other.registers["another"])
    with pytest.raises(ValueError, match="do not belong together"):
        flash.node()


def fit_chips(slept: Slept) -> None:
    """1.2 kW through each chip of the board."""
    rows = json.loads((BOARDS / BOARD / "board.json").read_text())["meters"]
    mains = Mains(lambda _: [drawing(400)] * 3)
    for row in rows:
        chip_on(row["cs"], row, mains)
    slept.passes = mains.sleep_ms
    slept.sleep_ms(100)


def worked(node: Node, slept: Slept, until: Callable[[], object]) -> None:
    """Start the node and let virtual time pass until it is so, a day at most; then pull the plug."""
    shared = Shared(slept)
    node.sleep_ms = shared.pause_ms
    node.wake()

    async def run() -> None:
        await node.find_time()
        await node.work()

    asyncio.run(shared.drive(run(), until))
    node.store.close()


def lasts(slept: Slept, until_ms: int) -> bool:
    return slept.ms > until_ms


def test_a_node_waits_for_network_and_time_then_meters_and_feeds_its_watchdog(
    flash: Flash, slept: Slept
) -> None:
    """NTP comes first; the board's first meter is read; a broker that is away is no reason to stop."""
    network.answers["wifi"] = [network.STAT_NO_AP_FOUND, network.STAT_GOT_IP]
    fit_chips(slept)
    node = flash.node()
    answered: list[int] = []

    def metered() -> bool:
        if not ntptime.answers and not answered and slept.ms > 60_000:
            ntptime.answers.append(NOW)
            answered.append(slept.ms)
        kept = dict(node.store.items()).get(METER_PREFIX + b"ct1-ct3", b"")
        return int.from_bytes(kept[30:40], "big") > 400 * 10**6  # uWh imported

    worked(node, slept, metered)
    texts = [line.text for line in node.log.lines]
    assert texts[0] == "boot 1 on circuitsetup-6ch"
    assert "Wi-Fi home: no such network in reach" in texts
    assert "up" in texts
    assert "NTP: no answer: ETIMEDOUT" in texts
    assert any(text.startswith("connection lost") for text in texts)
    assert set(ntptime.asked) == {"ntp.example"}
    assert machine.WDT.fed > 100
    assert not any("correct horse" in text for text in texts)
    spent_s = (slept.ms - answered[0]) // 1000
    assert spent_s > 0.9 * 400 * 3600 / 1200


def test_after_a_reset_a_node_goes_on_where_it_was(flash: Flash, slept: Slept) -> None:
    """Boots are counted, the store is the one before."""
    network.answers["wifi"] = [network.STAT_GOT_IP] * 2
    fit_chips(slept)
    for boot in (1, 2):
        ntptime.answers[:] = [NOW + slept.ms // 1000]
        node = flash.node()
        worked(node, slept, partial(lasts, slept, slept.ms + 1_800_000))
        assert node.log.lines[0].text == "boot %d on circuitsetup-6ch" % boot
        assert [key for key, _kept in node.store.items()] == [METER_PREFIX + b"ct1-ct3"]


def test_a_plants_panels_have_their_own_meters(tmp_path: Path, slept: Slept) -> None:
    """Each row of plant.panels names one."""
    flash = Flash(tmp_path, "hill", plant=described("hill", 2), meter=False)
    rows = [
        {
            "panel": panel_of("hill", at).hex(),
            "clear_day_wh": 100,
            "margin_ppm": 900_000,
            "meter": name,
        }
        for at, name in enumerate(("ct1-ct3", "ct4-ct6"))
    ]
    flash.settings({**SETTINGS, "plant": {"price": 90_000, "panels": rows}})
    network.answers["wifi"] = [network.STAT_GOT_IP]
    ntptime.answers.append(NOW)
    fit_chips(slept)
    node = flash.node()
    worked(node, slept, partial(lasts, slept, 1_800_000))
    kept = [key for key, _value in node.store.items() if key[:1] == METER_PREFIX]
    assert kept == [METER_PREFIX + b"ct1-ct3", METER_PREFIX + b"ct4-ct6"]


def test_what_a_person_must_mend_ends_at_the_console(capsys: pytest.CaptureFixture[str]) -> None:
    """A board that was not provisioned does not reset for ever."""
    main()
    assert capsys.readouterr().out == "not started: /board.json is missing: provision this board\n"
    assert machine.resets == []


@pytest.mark.parametrize(
    ("error", "resets"), [(OSError("flash"), 1), (RuntimeError("?"), 1), (KeyboardInterrupt(), 0)]
)
def test_anything_else_ends_in_a_reset_but_a_person_at_the_console_gets_time(
    error: BaseException, resets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watchdog cannot be stopped, so it is given an hour."""

    async def run(root: str) -> None:
        raise error

    monkeypatch.setattr("wattpact.esp32.start.run", run)
    main()
    assert len(machine.resets) == resets
    assert [how for kind, how in machine.made if kind == "WDT"] == ([] if resets else [3_600_000])


def test_the_kid_of_a_board_is_that_of_its_trading_key(flash: Flash) -> None:
    """What the broker's certificate must name."""
    assert flash.node().member.kid == kid_of("home")
