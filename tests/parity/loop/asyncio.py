# SPDX-License-Identifier: Apache-2.0
"""A few lines of asyncio for MicroPythons without it: the VM with a fixed heap has none, the official build's waits
for JavaScript. Tasks, events and cancelling, in the order of CPython; no clock and no streams, which a case brings.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator
    from typing import Any

    Work = Coroutine[Any, Any, Any]


class CancelledError(BaseException):
    """Raised where a cancelled task waits."""


class TimeoutError(Exception):  # noqa: A001 - asyncio's name for it
    """Never raised here: time belongs to the case."""


class Pause:
    """Awaited, it gives the turn to the loop."""

    def __iter__(self) -> "Generator[None, None, None]":
        yield

    __await__ = __iter__


class Loop:
    """Whose turn it is, and who is next."""

    current: "Task"
    ready: "list[Task]" = []


class Task:
    """A coroutine that runs by itself. What it raises, but for being cancelled, ends `run`."""

    def __init__(self, work: "Work") -> None:
        self.work = work
        self.finished = False
        self.cancelled = False
        self.event: "Event | None" = None  # what it waits for
        Loop.ready.append(self)

    def cancel(self) -> None:
        """Wake it with a CancelledError."""
        if self.finished:
            return
        self.cancelled = True
        if self.event is not None:
            self.event.waiting.remove(self)
            self.event = None
            Loop.ready.append(self)

    def step(self) -> None:
        """Up to where it waits next."""
        Loop.current = self
        try:
            if self.cancelled:
                self.cancelled = False
                self.work.throw(CancelledError())
            else:
                self.work.send(None)
        except (StopIteration, CancelledError):
            self.finished = True


class Event:
    """As asyncio's."""

    def __init__(self) -> None:
        self.waiting: "list[Task]" = []
        self._set = False

    def is_set(self) -> bool:
        """Whether nobody has to wait."""
        return self._set

    def set(self) -> None:
        """Wake all, in their order."""
        self._set = True
        for task in self.waiting:
            task.event = None
            Loop.ready.append(task)
        self.waiting = []

    def clear(self) -> None:
        """Whoever comes now waits."""
        self._set = False

    async def wait(self) -> bool:
        """Until it is set."""
        if not self._set:
            Loop.current.event = self
            self.waiting.append(Loop.current)
            await Pause()
        return True


def create_task(work: "Work") -> Task:
    """It starts when its turn comes."""
    return Task(work)


def current_task() -> Task:
    """Whose turn it is."""
    return Loop.current


async def sleep(delay: int) -> None:
    """Let the others have their turn; `delay` must be 0, for there is no clock."""
    if delay:
        raise ValueError("no clock")
    Loop.ready.append(Loop.current)
    await Pause()


async def wait_for(work: "Work", limit_s: int) -> "Any":
    """`work` without a limit, for there is no clock."""
    return await work


def run(work: "Work") -> None:
    """Until `work` is done; RuntimeError if everybody waits for somebody else."""
    main = create_task(work)
    while not main.finished:
        if not Loop.ready:
            raise RuntimeError("everybody waits")
        Loop.ready.pop(0).step()
    Loop.ready.clear()
