# SPDX-License-Identifier: Apache-2.0
"""How many messages per second the host stores durably over a broker, beside what that broker carries in the same run.

Broker, host and senders are processes of their own; messages are offers of registered plants, signed beforehand. A
message counts when STORED for it has come back to its sender. The broker's own rate is that of the same senders, topics
and bytes to a subscriber that does nothing but acknowledge. Latency is taken at a load that the host carries easily.
"""

import asyncio
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median, quantiles

from host.engine import EmbeddedEngine
from host.errors import ServiceError
from host.genesis import Terms
from host.keys import OpensslSigner, OpensslVerifier
from host.registry import Member, Plant
from host.service.child import program
from host.service.folder import WITNESSES, HostFolder
from host.service.serve import SystemClock
from host.store import ChainStore
from host.witness import Witness
from tools.measures.figures import Figures
from wattpact.crypto.hashes import kid, sha256
from wattpact.link.dial import dialler
from wattpact.link.mqtt import MqttClient
from wattpact.link.session import Session
from wattpact.wire import topics
from wattpact.wire.envelope import peek_payload, sign1
from wattpact.wire.messages import Offer, Stored, message_id, parse

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
SENDERS = (1, 1_000)
MESSAGES = 4_000  # with PACED less than one sender may say at once
PACED, PACE_S = 500, 0.01
WINDOW = 20
PATIENCE_S = 60
CONFIG = """\
listener %d 127.0.0.1
allow_anonymous true
max_inflight_messages 20
max_queued_messages 200000
set_tcp_nodelay true
"""


class Sender:
    """A plant with a connection of its own."""

    def __init__(self, number: int, broker: int, folder: HostFolder, network: bytes) -> None:
        self.signer = OpensslSigner(sha256(b"bench plant %d" % number))
        self.kid = kid(self.signer.public_key)
        self.network = network
        self.seq = 0
        self.topic = topics.broadcast(network, self.kid, "offer")
        self.stored: dict[bytes, float] = {}
        self.client = MqttClient(
            Session(self.kid.hex(), self.topic.replace("offer", "presence"), 1, 600, WINDOW),
            dialler(HOST, broker),
            self._on_message,
            lambda fresh: None,
            lambda text, error: None,
            lambda: int(time.monotonic() * 1000),
            lambda span_ms: asyncio.sleep(span_ms / 1000),
            random.randrange,
        )

    def member(self) -> Member:
        panels = [(self.kid, 8_000, 100)]
        plant = Plant(self.kid, panels, [(0, 86_400)] * 12)
        return Member(self.signer.public_key, self.kid, 0, meter=False, plant=plant)

    def offer(self) -> tuple[bytes, bytes]:
        """(id, envelope) of the next one."""
        self.seq += 1
        now = int(time.time())
        payload = Offer(
            network=self.network,
            plant_id=self.kid,
            seq=self.seq,
            start=now - now % 900 + 86_400 - 86_400 % 900,
            price=200_000,
            currency=978,
            panels=[(self.kid, [100] * 4)],
            remaining_wh=400,
            low=[],
            issued_at=now,
        ).payload()
        return message_id(payload), sign1(payload, self.signer)

    async def _on_message(self, topic: str, payload: bytes) -> None:
        now = time.monotonic()
        message = parse(peek_payload(payload))
        if isinstance(message, Stored):
            if message.refused:
                raise RuntimeError("an offer of the bench was refused")
            self.stored.update(dict.fromkeys(message.ids, now))


def run(rounds: int, figures: Figures) -> None:
    """RuntimeError if a message was refused or never answered."""
    try:
        program()
    except ServiceError as error:
        sys.stderr.write("gateway: left out: %s\n" % error)
        return
    found: dict[tuple[str, int], list[float]] = {}
    for number in range(rounds):
        sys.stderr.write("gateway: round %d of %d, about a minute\n" % (number + 1, rounds))
        for senders in SENDERS:
            with tempfile.TemporaryDirectory() as place:
                for name, value in asyncio.run(_measure(Path(place), senders)).items():
                    found.setdefault((name, senders), []).append(value)
    for senders in SENDERS:
        stored, carried = (median(found[name, senders]) for name in ("stored", "carried"))
        name = "gateway.%d_senders" % senders
        against = "mosquitto alone, QoS 1 end to end, %.0f" % carried
        figures.add(name + ".stored", stored, "messages stored per s", against, stored / carried)
        for part in ("p50", "p99"):
            text = "publish to STORED, %d messages per s, blocks 1 s apart" % (1 / PACE_S)
            figures.add("%s.%s" % (name, part), median(found[part, senders]), "ms", text)


async def _measure(place: Path, count: int) -> dict[str, float]:
    with ExitStack() as ending:
        broker = free()
        config = place / "mosquitto.conf"
        config.write_text(CONFIG % broker + "user root\n")
        ending.enter_context(running([program(), "-c", str(config)], place / "broker.log"))
        wait_for(place / "broker.log", "running")
        folder = HostFolder.founded(place / "town", "bench", Terms(), int(time.time()))
        network = folder.network
        senders = [Sender(number, broker, folder, network) for number in range(count)]
        _register(folder, senders)
        async with _connected(senders):
            work = _prepared(senders, MESSAGES)
            result = {"carried": await _carried(broker, network, work)}
            url = "mqtt://%s:%d" % (HOST, broker)
            command = [sys.executable, "-m", "host", "serve", str(folder.path), "--mqtt", url]
            ending.enter_context(running(command, place / "host.log"))
            wait_for(place / "host.log", "connected")
            result["stored"] = await _stored(senders, work)
            result.update(await _paced(senders))
        return result


async def _carried(broker: int, network: bytes, work: list[tuple[Sender, bytes, bytes]]) -> float:
    """Messages per second to a subscriber in another process."""
    command = [sys.executable, str(Path(__file__).with_name("listener.py")), str(broker)]
    command += [topics.broadcasts(network, b"", "offer"), str(len(work))]
    listener = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert listener.stdout
    await listener.stdout.readline()
    began = time.monotonic()
    await _publish(work)
    ended = float(await listener.stdout.readline())
    await listener.wait()
    return len(work) / (ended - began)


async def _stored(senders: list[Sender], work: list[tuple[Sender, bytes, bytes]]) -> float:
    """Messages per second, from the first one said to the last one answered."""
    began = time.monotonic()
    await _publish(work)
    await _answered(work)
    last = max(sender.stored[each] for sender, each, _data in work)
    return len(work) / (last - began)


async def _paced(senders: list[Sender]) -> dict[str, float]:
    """ms from publish to STORED."""
    work = _prepared(senders, PACED)
    said: dict[bytes, float] = {}
    tasks: list[asyncio.Task[None]] = []
    for sender, each, data in work:
        said[each] = time.monotonic()
        tasks.append(asyncio.create_task(sender.client.publish(sender.topic, data)))
        await asyncio.sleep(PACE_S)
    await asyncio.gather(*tasks)
    await _answered(work)
    spans = [1000 * (sender.stored[each] - said[each]) for sender, each, _data in work]
    cuts = quantiles(spans, n=100)
    return {"p50": cuts[49], "p99": cuts[98]}


async def _publish(work: list[tuple[Sender, bytes, bytes]]) -> None:
    """In order, at most WINDOW of one sender under way."""
    shares: dict[Sender, list[bytes]] = {}
    for sender, _id, data in work:
        shares.setdefault(sender, []).append(data)

    async def share(sender: Sender, left: list[bytes]) -> None:
        while left:
            await sender.client.publish(sender.topic, left.pop(0))

    each = max(1, min(WINDOW, MESSAGES // len(shares) // 4))
    await asyncio.gather(
        *(share(sender, left) for sender, left in shares.items() for _ in range(each))
    )


async def _answered(work: list[tuple[Sender, bytes, bytes]]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    for sender, each, _data in work:
        while each not in sender.stored:
            if time.monotonic() > deadline:
                raise RuntimeError("a message of the bench was not answered")
            await asyncio.sleep(0.01)


def _prepared(senders: list[Sender], count: int) -> list[tuple[Sender, bytes, bytes]]:
    """(sender, id, envelope), senders by turns."""
    return [(sender, *sender.offer()) for _, sender in zip(range(count), _turns(senders))]


def _turns(senders: list[Sender]) -> Generator[Sender]:
    while True:
        yield from senders


def _register(folder: HostFolder, senders: list[Sender]) -> None:
    """All of them, in a block before the host begins."""
    store, verifier = ChainStore.open(folder.chain), OpensslVerifier()
    witnesses = [
        Witness(store.genesis, folder.signer(name), verifier, SystemClock()) for name in WITNESSES
    ]
    engine = EmbeddedEngine(store, folder.signer("sequencer"), witnesses, verifier)
    registrar = folder.registrar()
    for sender in senders:
        engine.submit(registrar.register(sender.member(), int(time.time())), bytes(8))
    assert len(engine.make_block(int(time.time())).transactions) == len(senders)
    store.close()


@asynccontextmanager
async def _connected(senders: list[Sender]) -> AsyncGenerator[None]:
    running = [asyncio.create_task(sender.client.run()) for sender in senders]
    try:
        await asyncio.gather(
            *(s.client.subscribe(topics.inboxes(s.network, s.kid)) for s in senders)
        )
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@contextmanager
def running(command: list[str], log: Path) -> Generator[None]:
    with log.open("wb") as stream:
        child = subprocess.Popen(command, stdout=stream, stderr=stream, cwd=ROOT)
    try:
        yield
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(PATIENCE_S)
        finally:
            child.kill()


def wait_for(log: Path, text: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while text not in log.read_text(errors="replace"):
        if time.monotonic() > deadline:
            raise RuntimeError("%s: %s" % (log, log.read_text(errors="replace")))
        time.sleep(0.02)


def free() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
