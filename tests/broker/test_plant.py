# SPDX-License-Identifier: Apache-2.0
"""A plant's node on a PC: it offers, answers and reports over a real broker, and as a process over TLS."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host.broker.authority import key_pem, load_key, new_key, point, public_key
from host.cli import main
from host.errors import PlantError
from host.gateway.line import Address
from host.plant import folder
from host.plant.memory import PlantMemory
from host.plant.running import PlantRun
from host.registry import Member as Membership
from tests.broker.community import OWNER
from tests.broker.mosquitto import HOST, Mosquitto, plain
from tests.broker.node import peer, until
from tests.broker.service import ROOT, Service
from tests.broker.test_serve import PLANT, community
from tests.trade.world import BORN, FIRST, SLOT, World, described, named, panel_of
from wattpact.crypto.hashes import kid as kid_of
from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import Offer, parse_as

LEAD_S = 1_200
ANSWER_S_MOST = 60
EVERYTHING = "wattpact/1/+/+/out/+"


class Shifted:
    """A clock that ran on from `now` when it was made."""

    def __init__(self, now: int) -> None:
        self._ahead = now - time.monotonic()

    def now(self) -> int:
        return int(time.monotonic() + self._ahead)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with plain(tmp_path / "broker") as started:
        yield started


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    """A folder with everything that a plant of two panels is given."""
    path = tmp_path / "sun"
    folder.make(path)
    world = World()
    key = point(load_key((path / "trading.key").read_bytes(), "trading.key").public_key())
    membership = Membership(key, named("operator"), 0, meter=False, plant=described("sun", 2))
    (path / "genesis.cbor").write_bytes(world.genesis)
    (path / "register.cbor").write_bytes(world.registrar.register(membership, BORN))
    for name in ("tls.crt", "ca.crt"):
        (path / name).write_text("not used over mqtt://")
    panels = {
        panel_of("sun", number).hex(): {"csv": "yield.csv", "column": "p%d" % number}
        for number in (0, 1)
    }
    (path / "plant.json").write_text(json.dumps({"price_micro": 170_000, "panels": panels}))
    return path


def trade(
    path: Path, broker: Mosquitto, now: int, done: Callable[[PlantMemory], object]
) -> list[str]:
    """The node at work from `now` on, until `done`; what it said."""
    said: list[str] = []
    memory = PlantMemory(path / "memory.db")
    address = Address(HOST, broker.port, secure=False)

    async def play() -> None:
        run = PlantRun(
            folder.load(path), path / "plant.json", memory, address, Shifted(now), said.append
        )
        working = asyncio.create_task(run.run())
        await until(lambda: working.done() or done(memory), ANSWER_S_MOST)
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working

    asyncio.run(play())
    memory.close()
    return said


def test_it_offers_once_for_a_round_also_after_a_restart(broker: Mosquitto, plant: Path) -> None:
    offers: list[bytes] = []
    with peer(broker.port, EVERYTHING) as watcher:

        def offered(_memory: PlantMemory) -> bool:
            while not watcher.heard.empty():
                topic, payload = watcher.heard.get()
                if topic.endswith("/offer"):
                    offers.append(payload)
            return bool(offers)

        said = trade(plant, broker, FIRST - LEAD_S - 2, offered)
        offer = parse_as(Offer, peek_payload(offers[0]))
        assert (offer.start, offer.price) == (FIRST, 170_000)
        assert {panel for panel, _wh in offer.panels} == {panel_of("sun", n) for n in (0, 1)}
        assert said[0].startswith("connected to the broker")
        assert not [line for line in said if "fault" in line]
        first = offers.pop()
        trade(plant, broker, FIRST - LEAD_S + 10, offered)
        assert set(offers) == {first}


def test_what_its_file_says_of_a_slot_is_kept_when_the_slot_is_over(
    broker: Mosquitto, plant: Path
) -> None:
    (plant / "yield.csv").write_text("time,p0,p1\n2025-06-02T10:00:00Z,123,0\n")
    wanted = {b"g" + panel_of("sun", number) for number in (0, 1)}
    trade(
        plant, broker, FIRST + SLOT - 2, lambda memory: wanted <= {key for key, _ in memory.items()}
    )


def test_credentials_that_do_not_belong_together_are_told(broker: Mosquitto, plant: Path) -> None:
    (plant / "trading.key").write_bytes(key_pem(new_key()))
    with pytest.raises(PlantError, match="do not belong together: registration is for another key"):
        trade(plant, broker, FIRST, lambda _memory: False)


def test_as_a_process_it_is_enrolled_connects_over_tls_and_stops(tmp_path: Path) -> None:
    """Everything by the commands that an operator has."""
    town, here = community(tmp_path)
    sun = tmp_path / "sun"
    assert main(["plant", str(sun), "--new"]) == 0
    with Service(town.path, "--broker") as service:
        keys = ["--csr", str(sun / "tls.csr"), "--trading-key", str(sun / "trading.pub")]
        who = ["--roles", "plant", "--owner", OWNER, *PLANT]
        assert main(["enrol", str(town.path), *keys, *who]) == 0
        service.until_said("reads its lists again")
        kid = kid_of(point(public_key((sun / "trading.pub").read_bytes()))).hex()
        given = here.folder / "devices" / kid
        for name in folder.GIVEN:
            (sun / name).write_bytes((given / name).read_bytes())
        (sun / "plant.json").write_text(
            json.dumps(
                {"price_micro": 1, "panels": {named("panel").hex(): {"csv": "y", "column": "z"}}}
            )
        )
        url = "mqtts://localhost:%d" % here.broker.port
        command = [sys.executable, "-m", "host", "plant", str(sun), "--mqtt", url]
        child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        assert child.stderr is not None
        assert "connected to the broker" in child.stderr.readline()
        child.terminate()
        assert child.wait(ANSWER_S_MOST) == 0
        assert "stopped" in child.stderr.read()
        child.stderr.close()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--new"], "never replaced"),
        (["--mqtt", "http://x"], "a broker's address is"),
        (["--mqtt", "mqtt://localhost"], "plant.json: is missing; write it like this"),
        (["--mqtt", "mqtts://localhost"], "ca.crt"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_2(
    plant: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    (plant / "plant.json").unlink()
    assert main(["plant", str(plant), *arguments]) == 2
    complaint = capsys.readouterr().err
    assert told in complaint
    assert complaint.count("\n") == 1
