# SPDX-License-Identifier: Apache-2.0
"""A home of the fleet whose node runs on the MicroPython VM, in a heap of a size to choose, with everything it has:
store, meter, session with a broker. To the rest of the fleet it is a node like any other."""

import json
from dataclasses import dataclass
from pathlib import Path

from sim.community import Party
from sim.cores import NodeEnd, home_days
from sim.founding import Enrolled, Founding
from sim.scenario import HomeSite, Scenario, secret
from sim.vm.faults import VmError
from sim.vm.machine import Machine
from sim.vm.services import Service
from sim.world.network import Network, VirtualClock
from wattpact.market.preferences import Preferences
from wattpact.wire import topics

from .counter import Counter
from .outside import Flash, Line
from .turns import Turns

PROGRAM = "import program\nprogram.run()\n"


@dataclass(frozen=True)
class Code:
    """What a VM imports: from folders, onto its heap; from `rom`, in place."""

    folders: dict[str, Path]
    rom: bytes = b""


class VmHome(Party[HomeSite]):
    """`perform`, `read` and `deliver` are what a fleet asks of a board."""

    def __init__(
        self,
        enrolled: Enrolled[HomeSite],
        founding: Founding,
        scenario: Scenario,
        seed: int,
        clock: VirtualClock,
        network: Network,
        code: Code,
        heap_bytes: int,
        folder: Path,
    ) -> None:
        """`folder` is a new one."""
        super().__init__(enrolled)
        self.notes: list[tuple[str, str]] = []
        self.flash = Flash()
        self.ready_bytes = 0
        """Alive when the node is built, before anything comes."""
        self._founding = founding
        self._clock = clock
        self._network = network
        self._turns = Turns(clock)
        self._broker = Counter(self._said, self._listened)
        self._wake_ms = 0
        network.join(self.kid, self.deliver)
        self._provision(enrolled, scenario.month, seed, folder)
        self._line = Line(enrolled.site, scenario.start, clock)
        self._machine = Machine(
            heap_bytes,
            {**code.folders, "/node": folder},
            services={**self.flash.services(), **self._line.services(), **self._account()},
            clock=self._turns,
            resolve=lambda _host, _number: self._broker.theirs,
            rom=code.rom,
        )

    def _provision(self, enrolled: Enrolled[HomeSite], month: int, seed: int, folder: Path) -> None:
        """What an installer writes on the board."""
        founding, site = self._founding, enrolled.site
        imported, exported = home_days(site, month)
        settings: dict[str, object] = {
            "client": self.kid.hex(),
            "slots": founding.timing.slots,
            "usual_day_wh": imported,
            "deaf": site.deaf,
            "preferences": _fields(site.preferences),
        }
        if site.roof:
            row = {
                "panel": site.roof.panels[0].panel_id.hex(),
                "clear_day_wh": exported,
                "margin_ppm": site.roof.margin_ppm,
            }
            settings["plant"] = {"price": site.roof.price, "panels": [row]}
        (folder / "genesis.cbor").write_bytes(founding.genesis_data)
        (folder / "register.cbor").write_bytes(enrolled.register_data)
        (folder / "secret").write_bytes(secret(seed, site.name))
        (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")

    # -- what a fleet asks of a board

    def start(self) -> None:
        """The power is on."""
        self._run = self._machine.start(PROGRAM, lambda _stream, _chunk: None)
        self._turns.until_it_waits(self._run)
        self._work()

    def deliver(self, kind: str, sender: bytes, payload: bytes) -> None:
        """Bytes from the network."""
        network = self._founding.network
        if kind == "in":
            topic = topics.inbox(network, self.kid, sender)
        else:
            topic = topics.broadcast(network, sender, kind)
        self._broker.bring(topic, payload)
        self._go()

    def read(self, index: int, slot: int) -> None:
        """Its meter is its own to read."""

    def stop(self) -> None:
        """The power is cut."""
        self._run.stop()
        self._turns.let_go()
        try:
            self._run.join(60)
        except VmError:  # it was stopped, or `run` has told why it ended
            pass
        self._broker.close()

    def end(self) -> NodeEnd:
        """It keeps its account to itself."""
        return NodeEnd(False, 0)

    @property
    def ended(self) -> bool:
        """Whether it works no more, though nobody stopped it."""
        return self._run.ended

    # -- turns

    def _go(self) -> None:
        self._turns.give(self._run)
        self._work()

    def _work(self) -> None:
        """As long as the broker has an answer for it."""
        while self._broker.take():
            self._turns.give(self._run)
        if self._run.ended:
            self._run.join()  # raises why
        due_ms = self._turns.due_ms
        if due_ms is not None and due_ms != self._wake_ms:
            self._wake_ms = due_ms
            self._clock.at_ms(due_ms, self._wake, due_ms)

    def _wake(self, due_ms: int) -> None:
        if due_ms == self._wake_ms:
            self._wake_ms = 0
            self._go()

    def _account(self) -> dict[str, Service]:
        """What the node tells of itself."""

        def note(code: str, text: str) -> None:
            self.notes.append((code, text))

        def ready(used_bytes: int) -> None:
            self.ready_bytes = used_bytes

        return {"note": note, "ready": ready}

    # -- what it says to its broker

    def _said(self, topic: str, payload: bytes) -> None:
        _network, _sender, to, kind = topics.parse(topic)
        if to is not None:
            self._network.send(self.kid, to, payload)
        elif kind is not None:
            self._network.publish(self.kid, kind, payload)

    def _listened(self, topic_filter: str) -> None:
        *_root, sender, way, kind = topic_filter.split("/")
        if way == "out":
            self._network.listen(self.kid, kind, b"" if sender == "+" else bytes.fromhex(sender))


def _fields(wishes: Preferences) -> dict[str, object]:
    """As they stand in settings.json."""
    found: dict[str, object] = dict(vars(wishes))
    for name, ids in (
        ("allowed", wishes.allowed),
        ("favoured", wishes.favoured),
        ("blocked", wishes.blocked),
    ):
        found[name] = sorted(each.hex() for each in ids)
    return found
