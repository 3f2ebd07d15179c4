# SPDX-License-Identifier: Apache-2.0
"""The firmware's client against a real mosquitto, with paho as its peer: nothing is lost that was not acknowledged."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.mosquitto import HOST, Mosquitto, plain
from tests.broker.node import Node, line_to, peer, until
from wattpact.errors import LinkError, WireError

DURABLE = "autosave_interval 1\nautosave_on_changes true\n"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with plain(tmp_path, more=DURABLE) as started:
        yield started


def published(said: bytearray) -> "list[tuple[bool, bytes]]":
    """Whether it was marked as a duplicate, and its payload: messages to topic t that a client said at QoS 1."""
    found: list[tuple[bool, bytes]] = []
    at = 0
    while at + 2 <= len(said):  # all packets of these tests are shorter than 128 bytes
        end = at + 2 + said[at + 1]
        if said[at] >> 4 == 3 and said[at + 4] == ord("t"):
            found.append((bool(said[at] & 8), bytes(said[at + 7 : end])))
        at = end
    return found


def test_messages_go_both_ways(broker: Mosquitto) -> None:
    """To paho and from paho, at QoS 1 and 0, in order."""

    async def play() -> None:
        async with Node(broker.port) as node:
            await node.client.subscribe("m1/in/+")
            for number in range(30):
                await node.client.publish("m1/out/x", b"%d" % number, qos=number % 2)
                await asyncio.to_thread(other.say, "m1/in/x", b"%d" % number, number % 2)
            await until(lambda: len(node.messages) == 30)
            assert node.messages == expected
            assert not node.notes

    expected = [b"%d" % number for number in range(30)]
    with peer(broker.port, "m1/out/+") as other:
        asyncio.run(play())
        assert other.hear(30) == expected


def test_presence_tells_boot_and_connection(broker: Mosquitto) -> None:
    """Birth on every connection, the will of one that broke, the last word of one that ended; all retained."""

    async def play() -> None:
        first = Node(broker.port, boot_count=6)
        async with line_to(broker.port) as line, Node(line.port, boot_count=7) as node:
            await node.up()
            await until(lambda: watcher.heard.qsize() == 1)
            line.cut()
            await until(lambda: watcher.heard.qsize() == 3)
            await node.die()
        async with first as node:
            await node.up()
        await until(lambda: watcher.heard.qsize() >= 6)

    with peer(broker.port, "p/+") as watcher:
        asyncio.run(play())
        told = watcher.hear(6)
    assert told == [
        b"online 7 1",
        b"offline 7 1",
        b"online 7 2",
        b"offline 7 2",
        b"online 6 1",
        b"offline 6 1",
    ]
    with peer(broker.port, "p/+") as late:
        assert late.hear(1) == [b"offline 6 1"]


@pytest.mark.parametrize("wiped", [False, True])
def test_what_has_no_puback_survives_the_broker(
    broker: Mosquitto, tmp_path: Path, wiped: bool
) -> None:
    """kill -9 after it got them and before we know: sent again, marked, in order, with whoever waited behind."""

    async def play() -> None:
        async with line_to(broker.port) as line, Node(line.port) as node:
            await node.up()
            line.deaf = True
            pending = [
                asyncio.create_task(node.client.publish("t", b"%d" % number)) for number in range(9)
            ]
            await until(lambda: len(published(line.said)) == 4)
            broker.kill()
            line.cut()
            line.said.clear()
            line.deaf = False
            broker.start(data=tmp_path / "other" if wiped else None)
            with peer(broker.port, "t") as other:
                await asyncio.gather(*pending)
                heard = await asyncio.to_thread(other.hear, 9)
            said = published(line.said)
            assert said == [(number < 4, b"%d" % number) for number in range(9)]
            assert heard == [b"%d" % number for number in range(9)]

    asyncio.run(play())


def test_a_stream_of_messages_survives_kills(broker: Mosquitto) -> None:
    """Three kills under load: every publish ends, and what it sent was heard by one who subscribed before."""

    async def play() -> None:
        async with (
            Node(broker.port, "source", window=8) as source,
            Node(broker.port, "sink") as sink,
        ):
            await sink.client.subscribe("t")
            acknowledged: list[bytes] = []

            async def send(number: int) -> None:
                await source.client.publish("t", b"%d" % number)
                acknowledged.append(b"%d" % number)

            for turn in range(3):
                pending = [asyncio.create_task(send(100 * turn + i)) for i in range(100)]
                await until(lambda turn=turn: len(acknowledged) > 100 * turn + 20)
                broker.kill()
                broker.start()
                await asyncio.gather(*pending)
            assert len(acknowledged) == 300
            assert any(isinstance(error, (OSError, EOFError)) for error in source.errors)
            # What the broker had acknowledged but not kept is its own loss: mosquitto's PUBACK is not durable.
            while b"last" not in sink.messages:
                await source.client.publish("t", b"last")
                await asyncio.sleep(0.02)

    asyncio.run(play())


def test_a_session_that_is_gone_is_subscribed_anew(broker: Mosquitto, tmp_path: Path) -> None:
    """The broker comes back with an empty memory and says so: session present 0."""

    async def play() -> None:
        async with Node(broker.port) as node:
            await node.client.subscribe("in")
            broker.kill()
            broker.start(data=tmp_path / "empty")
            await until(lambda: node.notes)
            await until(lambda: node.session.up and node.session._requests[0].granted)
            with peer(broker.port) as other:
                await asyncio.to_thread(other.say, "in", b"again")
            await until(lambda: node.messages == [b"again"])

    asyncio.run(play())


def test_messages_wait_for_a_node_that_is_off(broker: Mosquitto) -> None:
    """Its session is found again after a restart of the node, and after one of the broker."""

    async def play() -> None:
        async with Node(broker.port) as node:
            await node.client.subscribe("in")
            await node.die()
        with peer(broker.port) as other:
            for number in range(25):
                await asyncio.to_thread(other.say, "in", b"%d" % number)
        broker.stop()
        broker.start()
        async with Node(broker.port, boot_count=2) as node:
            await until(lambda: len(node.messages) == 25)
            assert node.messages == [b"%d" % number for number in range(25)]

    asyncio.run(play())


def test_silence_of_a_dead_line_is_noticed(broker: Mosquitto) -> None:
    """The line carries nothing any more and nobody says so: found out within a keepalive, and dialled anew."""

    async def play() -> None:
        async with line_to(broker.port) as line, Node(line.port, keepalive_s=2, speed=1) as node:
            await node.client.subscribe("in")
            line.deaf = line.mute = True
            began = time.monotonic()
            await until(lambda: not node.session.up)
            assert 0.9 < time.monotonic() - began < 4
            await until(lambda: node.notes)
            assert "does not answer" in node.notes[0]
            line.deaf = line.mute = False
            line.cut()
            await node.up()

    asyncio.run(play())


def test_a_quiet_connection_stays(broker: Mosquitto) -> None:
    """Twice the broker's patience without a message: pings keep it."""

    async def play() -> None:
        async with Node(broker.port, keepalive_s=1, speed=1) as node:
            await node.up()
            await asyncio.sleep(3.2)
            assert node.session.up
            assert not node.notes

    asyncio.run(play())


def test_a_full_window_makes_wait(broker: Mosquitto) -> None:
    """However many want to publish, no more than the window is kept or sent."""

    async def play() -> None:
        async with line_to(broker.port) as line, Node(line.port, window=2) as node:
            await node.up()
            await until(lambda: not node.session.out)
            line.deaf = True
            pending = [
                asyncio.create_task(node.client.publish("t", b"%d" % number))
                for number in range(20)
            ]
            await until(lambda: len(published(line.said)) == 2)
            await asyncio.sleep(0.1)
            assert len(node.session._requests) == 2
            assert len(published(line.said)) == 2
            line.deaf = False
            line.cut()
            await asyncio.gather(*pending)
            assert [body for dup, body in published(line.said) if not dup] == [
                b"%d" % number for number in range(20)
            ]

    asyncio.run(play())


def test_an_oversized_message_is_refused_once(broker: Mosquitto) -> None:
    """It is never held, and acknowledged all the same: else the broker would bring it again for ever."""

    async def play() -> None:
        async with Node(broker.port) as node:
            await node.client.subscribe("in")
            with peer(broker.port) as other:
                await asyncio.to_thread(other.say, "in", bytes(100_000))
                await asyncio.to_thread(other.say, "in", b"small")
            await until(lambda: node.messages == [b"small"])
            assert node.notes == ["dropped: a PUBLISH of 100006 bytes: None"]
            await node.die()
        async with Node(broker.port, boot_count=2) as node:
            await node.client.publish("t", b"")
            assert not node.messages
            assert not node.notes

    asyncio.run(play())


def test_a_message_whose_treatment_was_cut_short_comes_again(broker: Mosquitto) -> None:
    """A power cut while on_message works: there was no PUBACK yet."""

    async def play() -> None:
        async with Node(broker.port) as node:
            await node.client.subscribe("in")
            begun = asyncio.Event()

            async def work(payload: bytes) -> None:
                begun.set()
                await asyncio.sleep(60)

            node.deal = work
            with peer(broker.port) as other:
                await asyncio.to_thread(other.say, "in", b"precious")
            await begun.wait()
            await node.die()
        async with Node(broker.port, boot_count=2) as node:
            await until(lambda: node.messages == [b"precious"])

    asyncio.run(play())


def test_an_error_of_ours_is_told_and_the_message_comes_again(broker: Mosquitto) -> None:
    """A full store, say. A WireError is its sender's: told, and done with."""

    async def play() -> None:
        async with Node(broker.port) as node:
            await node.client.subscribe("in")
            seen: list[bytes] = []

            def deal(payload: bytes) -> None:
                seen.append(payload)
                if payload == b"wrong":
                    raise WireError("wrong")
                if len(seen) == 2:
                    raise KeyError("ours")

            node.deal = deal
            with peer(broker.port) as other:
                for payload in (b"wrong", b"good", b"better"):
                    await asyncio.to_thread(other.say, "in", payload)
            await until(lambda: len(seen) == 4)
            assert seen == [b"wrong", b"good", b"good", b"better"]
            assert node.notes == [
                "refused: in: WireError('wrong')",
                "connection lost: KeyError('ours')",
            ]

    asyncio.run(play())


def test_on_message_cannot_wait_for_the_broker(broker: Mosquitto) -> None:
    """It would wait for ever; so it is told instead. A task of its own may."""

    async def play() -> None:
        async with Node(broker.port) as node:
            await node.client.subscribe("in")
            answers: list[asyncio.Task[None]] = []

            async def deal(payload: bytes) -> None:
                if not answers:
                    answers.append(asyncio.create_task(node.client.publish("t", b"answer")))
                    await node.client.publish("t", b"never")

            node.deal = deal
            with peer(broker.port, "t") as other:
                await asyncio.to_thread(other.say, "in", b"question")
                assert await asyncio.to_thread(other.hear, 1) == [b"answer"]
            assert any("start a task" in note for note in node.notes)

    asyncio.run(play())


def test_a_broker_that_talks_nonsense_is_left_again_and_again() -> None:
    """Garbage, half packets, refusals: each is told, none ends the client."""

    async def play() -> None:
        answers = [b"\xff" * 50, b"HTTP/1.1 400\r\n\r\n", b"\x20\x02\x00", b"\x20\x02\x00\x05"]
        turn = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal turn
            await reader.read(100)
            writer.write(answers[turn % len(answers)])
            turn += 1
            writer.close()

        server = await asyncio.start_server(serve, HOST, 0)
        async with Node(server.sockets[0].getsockname()[1]) as node:
            await until(lambda: len(node.notes) == 4)
        server.close()
        kinds = [type(error) for error in node.errors[:4]]
        assert kinds == [WireError, WireError, EOFError, LinkError]

    asyncio.run(play())
