# SPDX-License-Identifier: Apache-2.0
"""What a board has beside its processor, as services of its VM: a flash, and a meter on a serial line."""

from sim.cores import energy_at
from sim.scenario import HomeSite
from sim.vm.services import Room, Service
from sim.world.chips.modbus.bus import Bus
from sim.world.chips.modbus.meters import modelled
from sim.world.electricity import Electricity
from sim.world.network import VirtualClock
from sim.world.profiles import SLOT_S
from wattpact.units import HOUR_S

STORE_BYTES = 1 << 18
METER = "sdm120"
BEGINS_UWH = 5_000_000_000


class FlashFile:
    """As an open file."""

    def __init__(self, files: dict[str, bytes], name: str, mode: str) -> None:
        self._files = files
        self._name = name
        self._at = 0
        if mode == "wb":
            files[name] = b""
        elif name not in files:
            files[name] = b""

    def read(self, size: int) -> bytes:
        found = self._files[self._name][self._at : self._at + size]
        self._at += len(found)
        return found

    def seek(self, offset: int) -> int:
        self._at = offset
        return offset

    def write(self, content: bytes) -> int:
        self._files[self._name] += content
        return len(content)

    def flush(self) -> None:
        """It is there already."""

    def close(self) -> None:
        """The same."""


class Flash:
    """Files by name; also what FlashStore asks of a folder, to look into it from here."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def names(self) -> list[str]:
        return list(self._files)

    def open(self, name: str, mode: str) -> FlashFile:
        return FlashFile(self._files, name, mode)

    def remove(self, name: str) -> None:
        del self._files[name]

    def services(self) -> dict[str, Service]:
        """What program.py calls."""

        def names(room: Room) -> int:
            return room.fill(" ".join(self._files).encode())

        def opened(name: str, mode: str) -> None:
            self.open(name, mode)

        def load(name: str, at: int, room: Room) -> int:
            return room.fill(self._files[name][at : at + room.size])

        def append(name: str, content: bytes) -> None:
            self._files[name] += content

        def remove(name: str) -> None:
            self.remove(name)

        return {
            "flash.names": names,
            "flash.open": opened,
            "flash.read": load,
            "flash.write": append,
            "flash.remove": remove,
        }


class Line:
    """The home's meter: it counts what the scenario says of the home, from `start` on."""

    def __init__(self, site: HomeSite, start: int, clock: VirtualClock) -> None:
        self._site = site
        self._start = start
        self._clock = clock
        self._begin_ms = clock.now_ms
        self._world = Electricity()
        meter = modelled(METER, self._world, begins_uwh=BEGINS_UWH)
        self._bus = Bus([meter], meter.baud, meter.frame)

    def services(self) -> dict[str, Service]:
        """What program.py calls."""
        bus = self._bus

        def discard() -> None:
            self._flow()
            bus.discard()

        def write(content: bytes) -> None:
            bus.write(content)

        def read(room: Room, timeout_ms: int) -> int:
            return room.fill(bus.read(room.size, timeout_ms))

        def sleep(ms: int) -> None:
            bus.sleep_ms(ms)

        return {
            "uart.discard": discard,
            "uart.write": write,
            "uart.read": read,
            "uart.sleep": sleep,
        }

    def _flow(self) -> None:
        """The home's electricity until now."""
        index = max(0, (self._clock.now() - self._start) // SLOT_S)
        energy = energy_at(self._site, index)
        flow_wh = energy.imported_wh - energy.exported_wh
        self._world.phases[0].power_mw = flow_wh * 1_000 * HOUR_S // SLOT_S
        behind_us = (self._clock.now_ms - self._begin_ms) * 1_000 - self._bus.now_us
        self._bus.pass_time(max(0, behind_us))
