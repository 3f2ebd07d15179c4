# SPDX-License-Identifier: Apache-2.0
"""Virtual time and the fleet's network: one order of events, seeded delays, broadcasts to listeners only."""

from sim.world.network import DELAY_MS, Network, VirtualClock
from wattpact.wire.topics import RETAINED

NOW = 1_750_000_000


def test_events_come_in_order_of_time_and_then_of_creation() -> None:
    """Equal times do not depend on anything but who asked first."""
    clock = VirtualClock(NOW)
    seen: list[str] = []
    clock.at(NOW + 2, seen.append, "late")
    clock.at(NOW + 1, seen.append, "first")
    clock.at(NOW + 1, seen.append, "second")
    clock.run_until(NOW + 10)
    assert seen == ["first", "second", "late"]
    assert clock.now() == NOW + 10


def test_what_is_past_happens_now_and_time_never_goes_back() -> None:
    """An event for yesterday is taken at once, at today's time."""
    clock = VirtualClock(NOW)
    times: list[int] = []
    clock.at(NOW - 100, lambda: times.append(clock.now()))
    clock.run_until(NOW + 1)
    assert times == [NOW]


def test_an_event_at_the_end_waits() -> None:
    """`run_until` is half-open: what comes after it goes on from there."""
    clock = VirtualClock(NOW)
    seen: list[str] = []
    clock.at(NOW + 5, seen.append, "at the end")
    clock.run_until(NOW + 5)
    assert seen == []
    clock.run_until(NOW + 6)
    assert seen == ["at the end"]


class Inboxes:
    """Three nodes that note what arrives, and when."""

    def __init__(self, seed: int) -> None:
        self.clock = VirtualClock(NOW)
        self.network = Network(self.clock, seed)
        self.seen: list[tuple[int, bytes, str, bytes]] = []
        for kid in (b"a", b"b", b"c"):
            self.network.join(
                kid, lambda kind, _sender, payload, kid=kid: self.note(kid, kind, payload)
            )

    def note(self, kid: bytes, kind: str, payload: bytes) -> None:
        self.seen.append((self.clock.now_ms - NOW * 1000, kid, kind, payload))


def test_a_message_takes_its_time_and_only_its_own() -> None:
    """Every delay lies within the bounds; the same seed gives the same ones."""

    def run(seed: int) -> list[tuple[int, bytes, str, bytes]]:
        nodes = Inboxes(seed)
        for number in range(50):
            nodes.network.send(b"a", b"b", b"%d" % number)
        nodes.clock.run_until(NOW + 10)
        return nodes.seen

    seen = run(1)
    assert len(seen) == 50
    assert all(DELAY_MS[0] <= at < DELAY_MS[1] for at, _kid, _kind, _payload in seen)
    assert run(1) == seen != run(2)


def test_a_broadcast_reaches_listeners_and_replicas_but_not_its_sender() -> None:
    """Once each, however often a node said that it listens."""
    nodes = Inboxes(1)
    nodes.network.listen(b"b", "offer", b"a")
    nodes.network.listen(b"b", "offer", b"a")
    nodes.network.listen(b"a", "offer", b"a")
    nodes.network.overhear(b"c")
    nodes.network.publish(b"a", "offer", b"1")
    nodes.network.publish(b"a", "register", b"2")
    nodes.network.publish(b"b", "offer", b"3")
    nodes.clock.run_until(NOW + 10)
    heard = sorted((kid, kind, payload) for _at, kid, kind, payload in nodes.seen)
    assert heard == [
        (b"b", "offer", b"1"),
        (b"c", "offer", b"1"),
        (b"c", "offer", b"3"),
        (b"c", "register", b"2"),
    ]


def test_whoever_listens_late_gets_what_a_broker_retains() -> None:
    """The newest registration, offer and checkpoint of each sender; nothing else that was said before."""
    nodes = Inboxes(1)
    for kind in (*RETAINED, "shortfall", "trade_end", "revoke"):
        nodes.network.publish(b"a", kind, b"old")
        nodes.network.publish(b"a", kind, b"new")
        nodes.network.listen(b"b", kind, b"a")
    nodes.clock.run_until(NOW + 10)
    heard = sorted((kid, kind, payload) for _at, kid, kind, payload in nodes.seen)
    assert heard == [(b"b", kind, b"new") for kind in sorted(RETAINED)]


def test_everybodys_broadcasts_reach_whoever_listens_to_all() -> None:
    """What was retained whenever he asks, and what comes; from everybody but himself."""
    nodes = Inboxes(1)
    nodes.network.publish(b"a", "register", b"1")
    for listener in (b"a", b"b", b"b"):
        nodes.network.listen(listener, "register", b"")
    nodes.clock.run_until(NOW + 10)
    assert [(kid, payload) for _at, kid, _kind, payload in nodes.seen] == [(b"b", b"1")] * 2
    nodes.seen.clear()
    nodes.network.publish(b"b", "register", b"2")
    nodes.network.publish(b"c", "register", b"3")
    nodes.network.publish(b"c", "offer", b"4")
    nodes.clock.run_until(NOW + 20)
    heard = sorted((kid, payload) for _at, kid, _kind, payload in nodes.seen)
    assert heard == [(b"a", b"2"), (b"a", b"3"), (b"b", b"3")]


def test_a_message_to_nobody_is_lost_without_a_word() -> None:
    """A node that is not there receives nothing and stops nobody."""
    nodes = Inboxes(1)
    nodes.network.send(b"a", b"nobody", b"1")
    nodes.clock.run_until(NOW + 10)
    assert nodes.seen == []
