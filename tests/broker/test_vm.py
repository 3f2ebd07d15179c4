# SPDX-License-Identifier: Apache-2.0
"""The firmware's MQTT client on the real MicroPython in a board's heap, against a real broker."""

import asyncio
import contextlib
import random
import ssl
from collections.abc import Generator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from sim.vm.bytecode import compile_module, guest_modules
from sim.vm.clock import ScaledClock
from sim.vm.connections import Resolve, Route
from sim.vm.faults import Stopped
from sim.vm.machine import Machine
from tests.broker.mosquitto import HOST, plain
from tests.broker.node import LIMIT_S, Node, Peer, line_to, peer, until
from tests.broker.test_mqtt_tls import Authority, broker_of
from wattpact.wire import topics

ROOT = Path(__file__).resolve().parents[2]
HEAP_BYTES = 96 * 1024
WINDOW = 8
SPEED = 20  # of the guest's clock, so that it does not wait long to dial again
USED = (
    *("__init__", "compat", "errors", "units", "wire/__init__", "wire/kinds", "wire/topics"),
    *("link/__init__", "link/carrier", "link/dial", "link/mqtt", "link/packets", "link/session"),
    *("node/__init__", "node/effects", "node/runtime"),
)

# Whatever comes to to/m1 goes back to from/m1, in its order, each at QoS 1.
ECHO = """\
import asyncio, gc, random, time
from wattpact.link.dial import dialler
from wattpact.link.mqtt import MqttClient
from wattpact.link.session import Session

queue = []
more = asyncio.Event()

async def on_message(topic, payload):
    queue.append(payload)
    more.set()

def on_up(fresh):
    pass

def note(text, error):
    print("note", text, repr(error))

session = Session("m1", "p/m1", 1, 60, 4)
client = MqttClient(
    session, dialler("broker.test", 1883), on_message, on_up, note,
    time.ticks_ms, asyncio.sleep_ms, lambda n: random.getrandbits(16) % n,
)

async def main():
    asyncio.create_task(client.run())
    await client.subscribe("to/m1")
    print("subscribed")
    while True:
        await more.wait()
        more.clear()
        while queue:
            await client.publish("from/m1", queue[0])
            queue.pop(0)
        gc.collect()

asyncio.run(main())
"""

# The same client with a certificate of its own, as main.py dials.
TLS_ECHO = ECHO.replace(
    'dialler("broker.test", 1883)',
    'dialler("broker.test", 8883, tls_context(*[file(name) for name in NAMES]), "localhost")',
).replace(
    "import dialler\n",
    """import dialler, tls_context

NAMES = "ca", "m1", "key"

def file(name):
    with open("/certificates/" + name, "rb") as opened:
        return opened.read()

""",
)

# The shell of a node around a core of a few lines. It says hello after a second, answers to everybody what is said to
# it, and what begins with "!" goes to itself first. It breaks down over the first "fault", and has kept that it did.
SHELL = """\
import asyncio, random, time
from wattpact.link.dial import dialler
from wattpact.link.mqtt import MqttClient
from wattpact.link.session import Session
from wattpact.node.effects import Keep, Note, Publish, Send
from wattpact.node.runtime import Runtime

NETWORK, KID = b"n" * 8, b"m" * 8

class Core:
    network, kid = NETWORK, KID

    def __init__(self, now):
        self.member = self
        self.wake_at = now + 1
    def restore(self, items, now):
        return [Note("remembers", str(len(items)))]
    def start(self, now):
        return []
    def on_connected(self, now, fresh):
        return [Note("connected", str(fresh))]
    def on_tick(self, now):
        self.wake_at = now + 3600
        return [Publish("offer", b"hello")]
    def on_message(self, kind, payload, now):
        if payload == b"fault" and not items():
            return [Keep(b"fault", b""), Send(None, b"")]  # what no topic can be made of
        return [Send(KID, payload[1:])] if payload[:1] == b"!" else [Publish("answer", payload)]

class Store:
    kept = {}
    def items(self):
        return sorted(self.kept.items())
    def keep(self, key, value):
        self.kept[key] = value

class Clock:
    def now(self):
        return int(time.time())

def client_of(on_message, on_up):
    return MqttClient(
        Session("m1", "p/m1", 1, 60, 4), dialler("broker.test", 1883), on_message, on_up,
        lambda text, error: print("link:", text), time.ticks_ms, asyncio.sleep_ms, lambda n: random.getrandbits(16) % n,
    )

items = Store().items
asyncio.run(Runtime(Core, Store(), client_of, [], Clock(), asyncio.sleep_ms, print).run())
"""


class Board:
    """A VM with the client; it is `up` when it has subscribed."""

    def __init__(self, folders: dict[str, Path], resolve: Resolve, source: str) -> None:
        self.heard = ""
        machine = Machine(HEAP_BYTES, folders, clock=ScaledClock(SPEED), resolve=resolve)
        self.run = machine.start(source, self._hear)

    def _hear(self, stream: int, chunk: bytes) -> None:
        self.heard += chunk.decode()

    async def up(self) -> None:
        await until(lambda: "subscribed\n" in self.heard or self.run.ended)
        assert not self.run.ended, self.heard

    def end(self) -> None:
        """It worked until now."""
        self.run.stop()
        with pytest.raises(Stopped):
            self.run.join(LIMIT_S)


@pytest.fixture(name="firmware", scope="module")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client as a board has it."""
    folder = tmp_path_factory.mktemp("board")
    for name in USED:
        compile_module(ROOT / "firmware/wattpact" / (name + ".py"), folder / "wattpact" / name)
    return folder


@contextlib.contextmanager
def board(
    folder: Path, port: int, tls: ssl.SSLContext | None = None, source: str = ECHO
) -> Generator[Board]:
    """Dials `port` whatever it dials."""
    folders = {"/board": folder, "/modules": guest_modules()}
    made = Board(folders, lambda host, dialled: Route(HOST, port, tls, "localhost"), source)
    try:
        yield made
    finally:
        made.end()


def write_der(authority: Authority) -> None:
    """What it issued to m1, as boards have it, into its folder."""
    folder = authority.folder / "der"
    folder.mkdir()
    key = serialization.load_pem_private_key((authority.folder / "m1.key").read_bytes(), None)
    (folder / "key").write_bytes(
        key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    for name in ("ca", "m1"):
        text = (authority.folder / (name + ".pem")).read_text()
        (folder / name).write_bytes(ssl.PEM_cert_to_DER_cert(text))


def sample(count: int) -> list[bytes]:
    """Payloads of all sizes up to a message of the protocol, none like another."""
    sizes = [random.randrange(1500) for _ in range(count)]
    return [b"%d " % number + random.randbytes(size) for number, size in enumerate(sizes)]


def exchange(other: Peer, payloads: list[bytes]) -> list[bytes]:
    """All that comes back until each has. At most WINDOW are under way: the guest keeps those in its heap."""
    heard: list[bytes] = []
    for at in range(0, len(payloads), WINDOW):
        window = payloads[at : at + WINDOW]
        for payload in window:
            other.say("to/m1", payload)
        missing = set(window)
        while missing:
            heard += other.hear(1)
            missing.discard(heard[-1])
    return heard


def test_messages_go_both_ways_at_qos_1(firmware: Path, tmp_path: Path) -> None:
    """Three hundred, of all sizes, each once and in order, in a heap of 96 KB."""

    async def play(port: int) -> None:
        with peer(port, "from/m1") as other, board(firmware, port) as vm:
            await vm.up()
            payloads = sample(300)
            assert await asyncio.to_thread(exchange, other, payloads) == payloads
            assert vm.heard == "subscribed\n"

    with plain(tmp_path) as broker:
        asyncio.run(play(broker.port))


def test_tls_ends_outside_of_the_vm(firmware: Path, tmp_path: Path) -> None:
    """The broker sees the certificate, the guest speaks plainly and needs no memory for it; messages go both ways."""

    async def play(port: int) -> None:
        payloads = sample(20)
        async with Node(port, "m2", tls=authority.context("m2")) as other:
            await other.client.subscribe("from/m1")
            with board(firmware, port, authority.context("m1")) as vm:
                await vm.up()
                for payload in payloads:
                    await other.client.publish("to/m1", payload)
                await until(lambda: len(other.messages) == len(payloads))
            assert other.messages == payloads
            assert vm.heard == "subscribed\n"

    authority = Authority(tmp_path / "ca")
    for name in ("broker", "m1", "m2"):
        authority.issue(name)
    with broker_of(authority, tmp_path) as broker:
        asyncio.run(play(broker.port))
        assert "u'm1'" in broker.log()


def test_a_guest_may_have_certificates_of_its_own(firmware: Path, tmp_path: Path) -> None:
    """In DER, as boards have them; whom it trusts, it says itself. Its memory is spared all the same."""
    known, stranger = Authority(tmp_path / "known"), Authority(tmp_path / "stranger")
    for authority in (known, stranger):
        for name in ("broker", "m1"):
            authority.issue(name)
        write_der(authority)

    async def heard_of(authority: Authority, port: int) -> str:
        folders = {
            "/board": firmware,
            "/modules": guest_modules(),
            "/certificates": authority.folder / "der",
        }
        vm = Board(folders, lambda host, dialled: Route(HOST, port), TLS_ECHO)
        await until(lambda: "subscribed" in vm.heard or vm.heard.count("connection lost") > 1)
        vm.end()
        return vm.heard

    with broker_of(known, tmp_path) as broker:
        assert asyncio.run(heard_of(known, broker.port)) == "subscribed\n"
        assert "u'm1'" in broker.log()
        heard = asyncio.run(heard_of(stranger, broker.port))
        assert "broker.test:8883: " in heard
        assert "certificate verify failed" in heard
        assert "subscribed" not in heard


def test_a_cut_line_loses_nothing(firmware: Path, tmp_path: Path) -> None:
    """Cut again and again under load; the session goes on where it was. What was under way may come twice."""

    async def play(port: int) -> None:
        async with line_to(port) as line:
            with peer(port, "from/m1") as other, board(firmware, line.port) as vm:
                await vm.up()
                payloads = sample(200)
                talk = asyncio.create_task(asyncio.to_thread(exchange, other, payloads))
                for cuts in range(1, 4):
                    await until(lambda: len(line.said) > 30000 * cuts)  # noqa: B023 - called here
                    line.cut()
                assert set(await talk) == set(payloads)
                assert vm.heard.count("connection lost") == 3

    with plain(tmp_path) as broker:
        asyncio.run(play(broker.port))


def test_a_broker_that_was_killed_is_dialled_again(firmware: Path, tmp_path: Path) -> None:
    """The refused attempts in between are noted, and the session is made anew."""

    async def play() -> None:
        with board(firmware, broker.port) as vm:
            await vm.up()
            broker.kill()
            await until(lambda: vm.heard.count("connection lost") >= 3)
            broker.start()
            with peer(broker.port, "from/m1") as other:
                # Its subscription comes back by itself; until then the broker drops what is said.
                while other.heard.empty():
                    other.say("to/m1", b"again")
                    await asyncio.sleep(0.05)

    with plain(tmp_path) as broker:
        asyncio.run(play())


def test_the_shell_of_a_node_runs_on_the_guest_s_asyncio(firmware: Path, tmp_path: Path) -> None:
    """Ticks, messages of its own and of others, a fault that counts as a power cut, and a line that is cut."""
    node = topics.broadcast(b"n" * 8, b"m" * 8, "answer").rsplit("/", 2)[0]
    inbox = topics.inbox(b"n" * 8, b"m" * 8, b"o" * 8)

    async def said(other: Peer, *payloads: bytes) -> None:
        """Each comes, maybe twice: what was under way when a line broke."""
        missing = set(payloads)
        while missing:
            missing -= set(await asyncio.to_thread(other.hear, 1))

    async def play(port: int) -> None:
        async with line_to(port) as line:
            with (
                peer(port, node + "/out/+") as other,
                board(firmware, line.port, source=SHELL) as vm,
            ):
                await said(other, b"hello")
                await until(lambda: "connected True" in vm.heard)
                other.say(inbox, b"one")
                other.say(inbox, b"!two")
                await said(other, b"one", b"two")
                # The broker brings it again; by then the core is a new one, which says hello, too.
                other.say(inbox, b"fault")
                other.say(inbox, b"three")
                await said(other, b"fault", b"three", b"hello")
                assert "remembers 1" in vm.heard
                line.cut()
                await until(lambda: vm.heard.count("connected False") >= 2)
                other.say(inbox, b"four")
                await said(other, b"four")

    with plain(tmp_path) as broker:
        asyncio.run(play(broker.port))
