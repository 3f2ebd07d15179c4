# SPDX-License-Identifier: Apache-2.0
"""Modelled meters behind a pseudo-terminal, for masters that know nothing of models. Real time passes for them."""

import os
import select
import threading
import time
import tty
from types import TracebackType

from sim.world.electricity import Electricity

from .slave import ModbusMeter, request_size

STEP_S = 0.02


class PtyLine:
    """`with PtyLine([meter]) as path:` serves until the block ends. A pty has neither baud rate nor parity."""

    def __init__(self, meters: list[ModbusMeter]) -> None:
        self.meters = meters
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self._time_us = time.monotonic_ns() // 1_000

    def __enter__(self) -> str:
        """The device to open."""
        self._thread.start()
        return os.ttyname(self._slave)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)

    def _serve(self) -> None:
        begun = b""
        while not self._stopped.is_set():
            ready, _, _ = select.select([self._master], [], [], STEP_S)
            self._pass_time()
            if not ready:
                begun = b""  # silence: whatever began is over
                continue
            begun += os.read(self._master, 512)
            size = request_size(begun)
            if size and len(begun) >= size:
                self._answer(begun[:size])
                begun = begun[size:]

    def _pass_time(self) -> None:
        """As much as has passed outside."""
        now_us = time.monotonic_ns() // 1_000
        worlds: dict[int, Electricity] = {id(meter.world): meter.world for meter in self.meters}
        for world in worlds.values():
            world.pass_time(now_us - self._time_us)
        self._time_us = now_us

    def _answer(self, frame: bytes) -> None:
        for meter in self.meters:
            answer = meter.hear(frame, self._time_us)
            if answer:
                os.write(self._master, answer)
                meter.spoke(time.monotonic_ns() // 1_000)
