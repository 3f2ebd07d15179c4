# SPDX-License-Identifier: Apache-2.0
"""A node of the fleet whose firmware runs on the real MicroPython, in a heap of fixed size.

It signs and verifies by itself, with the firmware's own P-256. Its flash, its readings and its connection are on this
side; TLS ends here. Virtual time waits for it while it works, as it does for the host: how long a board takes for a
signature is not modelled.
"""

import asyncio
import json
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..community import Party
from ..cores import HomeMeter, NodeEnd, home_days
from ..founding import READ_S, Enrolled, Founding
from ..scenario import HomeSite, Scenario, secret
from ..vm.bytecode import guest_modules, kept_modules
from ..vm.connections import Route
from ..vm.faults import VmError
from ..vm.machine import Machine
from ..vm.services import Room, Service
from ..world.profiles import SLOT_S
from .clock import LeasedClock
from .errors import FleetError

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
HEAP_BYTES = 384 * 1024
"""Code as bytecode and the 32 KB comb of the base point lie in it, too, which a board may have frozen or smaller."""
FIRST = (
    "crypto.ecdsa",
    "wire.messages",
    "wire.envelope",
    "ledger.state",
    "ledger.award",
    "contract.purchases",
    "node.buying",
    "node.meter",
)
"""Imported one after the other, for a chain of imports is deeper than the VM's stack; what needs 32 KB in one piece
first."""
IMPORTED = (*("wattpact." + each for each in FIRST), "fleet_node")
PROGRAM = "".join("import %s\n" % name for name in IMPORTED) + "fleet_node.main()\n"
READING = struct.Struct("<qqqqq")
QUIET, WAITS = 1, 2
LOOK_S = 0.2
TROUBLE_MOST = 500
WISHES = ("price_cap", "score_min_ppm", "budget_nano_per_day", "cover_min_ppm", "favour_ppm")
Found = TypeVar("Found")


class GuestClock:
    """The fleet's, for a guest; it knows whether its guest waits."""

    def __init__(self, clock: LeasedClock) -> None:
        self.waits = False
        self._clock = clock

    def now_ns(self) -> int:
        """Unix ns."""
        return self._clock.now_ms() * 1_000_000

    def wait(self, span_ns: int | None, look: Callable[[float | None], Found]) -> Found:
        """As any guest's clock."""
        self.waits = True
        try:
            if span_ns is None:
                return look(None)
            wake_ms = self._clock.now_ms() + -(-span_ns // 1_000_000)
            while True:
                left_ms = wake_ms - self._clock.now_ms()
                found = look(self._clock.real_s(left_ms) if left_ms > 0 else 0.0)
                if found or left_ms <= 0 or not self._clock.began:
                    return found
        finally:
            self.waits = False


class VmNode(Party[HomeSite]):
    """A home's node. What its core notes goes to `note`; why it ended is `trouble`."""

    def __init__(
        self,
        enrolled: Enrolled[HomeSite],
        setup: "Setup",
        route: Route,
        clock: LeasedClock,
        note: Callable[[str, str], None],
    ) -> None:
        super().__init__(enrolled)
        self.trouble = ""
        self._enrolled = enrolled
        self._setup = setup
        self._clock = clock
        self._guest_clock = GuestClock(clock)
        self._route = route
        self._note = note
        self._flash: dict[bytes, bytes] = {}
        self._meter = HomeMeter(enrolled.site)
        self._open = True
        self._flags = 0
        self._end = NodeEnd(waits=False, dropped=0)

    def quiet(self) -> bool:
        """Connected, and nothing is on its way, when it last told."""
        return bool(self._flags & QUIET) and not self.works()

    def works(self) -> bool:
        """It does not wait for anything: time must."""
        return not self._guest_clock.waits

    def close_shop(self) -> None:
        """Offer nothing more."""
        self._open = False

    def end(self) -> NodeEnd:
        """Its own account, as it told last."""
        return self._end

    def start(self) -> "asyncio.Task[None]":
        """A task that ends with an error only."""
        return asyncio.create_task(self._run())

    async def _run(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            self._setup.write(self._enrolled, folder)
            folders = {"/setup": folder, "/firmware": kept_modules(FIRMWARE)}
            folders["/modules"] = guest_modules()
            machine = Machine(
                HEAP_BYTES,
                folders,
                services=self._services(),
                clock=self._guest_clock,
                resolve=lambda host, number: self._route,
            )
            run = machine.start(PROGRAM, self._say)
            try:
                while not run.ended:  # noqa: ASYNC110 (a thread tells nobody here)
                    await asyncio.sleep(LOOK_S)
                run.join(LOOK_S)
            except VmError as error:
                raise FleetError("%s: %s: %s" % (self.name, error, self.trouble)) from error
            finally:
                run.stop()
        raise FleetError("%s: its program ended: %s" % (self.name, self.trouble))

    def _say(self, stream: int, chunk: bytes) -> None:
        self.trouble = (self.trouble + chunk.decode("utf-8", "replace"))[-TROUBLE_MOST:]

    # -- what the guest asks, in its thread

    def _services(self) -> dict[str, Service]:
        names = ("keep", "drop", "items", "item", "reads_at", "reading", "selling", "report")
        functions: dict[str, Service] = {name: getattr(self, "_" + name) for name in names}
        return {**functions, "note": self._noted}

    def _keep(self, key: bytes, value: bytes) -> None:
        self._flash[key] = value

    def _drop(self, key: bytes) -> None:
        self._flash.pop(key, None)

    def _items(self) -> int:
        return len(self._flash)

    def _item(self, index: int, key: Room, value: Room) -> int:
        """Sizes of key and value of item `index`, and both if there is room."""
        found = sorted(self._flash.items())[index]
        if key.size:
            key.fill(found[0])
            value.fill(found[1])
        return len(found[0]) << 20 | len(found[1])

    def _reads_at(self, index: int) -> int:
        """When slot `index` is read; 0 after the last."""
        scenario = self._setup.scenario
        return scenario.start + (index + 1) * SLOT_S + READ_S if index < scenario.slots else 0

    def _reading(self, number: int, index: int, ready: Room) -> None:
        reading = self._meter.read(index, self._setup.scenario.start + index * SLOT_S)
        values = (reading.slot, reading.import_wh, reading.export_wh)
        registers = (reading.import_register_wh, reading.export_register_wh)
        ready.fill(READING.pack(*values, *registers))

    def _selling(self) -> int:
        return int(self._open)

    def _report(
        self,
        flags: int,
        dropped: int,
        scored: int,
        offers: int,
        tells: int,
        choices: int,
        awards: int,
    ) -> None:
        self._flags = flags
        counts = (scored, offers, tells, choices, awards)
        self._end = NodeEnd(bool(flags & WAITS), dropped, *counts)

    def _noted(self, code: str, text: str) -> None:
        if code == "link":
            self.trouble = text
        self._note(code, text)


class Setup:
    """What is put on a board: keys, registration, settings."""

    def __init__(self, seed: int, scenario: Scenario, founding: Founding, keepalive_s: int) -> None:
        self.scenario = scenario
        self._seed = seed
        self._founding = founding
        self._keepalive_s = keepalive_s

    def write(self, enrolled: Enrolled[HomeSite], folder: Path) -> None:
        """One home's."""
        site, month = enrolled.site, self.scenario.month
        imported, exported = home_days(site, month)
        wishes = site.preferences
        settings: dict[str, object] = {
            "slots": self._founding.timing.slots,
            "usual_day_wh": imported,
            "deaf": site.deaf,
            "preferences": {name: getattr(wishes, name) for name in WISHES},
            "keepalive_s": self._keepalive_s,
        }
        if site.roof:
            panel = {
                "panel": site.roof.panels[0].panel_id.hex(),
                "clear_day_wh": exported,
                "margin_ppm": site.roof.margin_ppm,
            }
            settings["plant"] = {"price": site.roof.price, "panels": [panel]}
        (folder / "settings").write_text(json.dumps(settings), encoding="utf-8")
        (folder / "genesis").write_bytes(self._founding.genesis_data)
        (folder / "register").write_bytes(enrolled.register_data)
        (folder / "secret").write_bytes(secret(self._seed, site.name))
