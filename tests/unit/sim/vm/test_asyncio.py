# SPDX-License-Identifier: Apache-2.0
"""The guest's asyncio: tasks, time and cancelling, as on a board. Against CPython, line by line: tests/parity."""

import resource
import threading
import time

import pytest

from sim.vm.bytecode import guest_modules
from sim.vm.clock import VirtualClock
from sim.vm.faults import GuestError, Stopped
from sim.vm.least_heap import least_heap
from sim.vm.machine import Machine

HEAP_BYTES = 64 * 1024
START_S = 1_800_000_000
ASYNCIO_BYTES_MOST = 8 * 1024
BEGIN = """\
import asyncio, time
begun_ms = time.ticks_ms()

def now_ms():
    return time.ticks_diff(time.ticks_ms(), begun_ms)

async def work(name, *spans_ms):
    try:
        for span_ms in spans_ms:
            await asyncio.sleep_ms(span_ms)
            print(name, now_ms())
        return name
    except asyncio.CancelledError:
        print(name, "cancelled", now_ms())
        raise

async def main():
"""
END = "\nprint('result', asyncio.run(main()), now_ms())"


def machine() -> Machine:
    return Machine(HEAP_BYTES, {"/modules": guest_modules()}, clock=VirtualClock(START_S))


def played(body: str) -> list[str]:
    """The lines of a main task with `body`, on a virtual clock, so that times are exact."""
    return machine().run(BEGIN + "".join("    %s\n" % line for line in body.split("\n")) + END)


def test_tasks_take_turns_in_the_order_of_their_times() -> None:
    """And whoever awaits one gets what it returns."""
    body = "a = asyncio.create_task(work('a', 20, 20))\nb = asyncio.create_task(work('b', 30))\nreturn await a, await b"
    expected = ["a 20", "b 30", "a 40", "result ('a', 'b') 40"]
    assert played(body) == expected


def test_equal_times_keep_their_order() -> None:
    """First come, first served."""
    body = (
        "for n in range(6):\n    asyncio.create_task(work(str(n), 10))\nawait asyncio.sleep_ms(11)"
    )
    assert played(body) == ["%d 10" % n for n in range(6)] + ["result None 11"]


def test_wait_for_returns_within_its_time_or_cancels() -> None:
    """A result, a timeout, an error, no limit."""
    body = """\
print(await asyncio.wait_for(work('a', 10), 1))
try:
    await asyncio.wait_for(work('b', 5000), 1)
except asyncio.TimeoutError:
    print('timeout', now_ms())
async def fail():
    raise ValueError('so')
try:
    await asyncio.wait_for_ms(fail(), 1000)
except ValueError as error:
    print(error, now_ms())
print(await asyncio.wait_for(work('c', 10), None))"""
    expected = ["a 10", "a", "b cancelled 1010", "timeout 1010", "so 1010", "c 1020", "c"]
    assert played(body) == [*expected, "result None 1020"]


def test_who_is_cancelled_in_wait_for_takes_what_it_waits_for_along() -> None:
    """Both see it, at once."""
    body = """\
task = asyncio.create_task(asyncio.wait_for(work('inner', 5000), 10))
await asyncio.sleep_ms(5)
task.cancel()
try:
    await task
except asyncio.CancelledError:
    print('outer', now_ms(), task.done())"""
    assert played(body) == ["inner cancelled 5", "outer 5 True", "result None 5"]


def test_a_task_is_cancelled_wherever_it_waits() -> None:
    """For time, for an event, for another task; one that has not begun never does; one that is done is left alone."""
    body = """\
event = asyncio.Event()
async def waits(name, thing):
    try:
        await thing
    except asyncio.CancelledError:
        print(name)
        raise
other = asyncio.create_task(work('other', 50))
tasks = [asyncio.create_task(waits(*pair)) for pair in (('event', event.wait()), ('task', other))]
await asyncio.sleep_ms(1)
tasks.append(asyncio.create_task(work('new', 1)))
print([task.cancel() for task in tasks])
await asyncio.sleep_ms(10)
print([task.done() for task in tasks], tasks[0].cancel(), other.done())"""
    lines = played(body)
    assert lines[0] == "[True, True, True]"
    assert sorted(lines[1:4]) == ["event", "other cancelled 1", "task"]
    assert lines[4:] == ["[True, True, True] False True", "result None 11"]


def test_an_event_wakes_all_who_wait_in_their_order() -> None:
    """And nobody waits while it is set."""
    body = """\
event = asyncio.Event()
async def waits(name):
    await event.wait()
    print(name)
for n in range(4):
    asyncio.create_task(waits(n))
await asyncio.sleep_ms(1)
event.set()
await event.wait()
print(event.is_set())
await asyncio.sleep_ms(1)
event.clear()
print(event.is_set())"""
    assert played(body) == ["True", "0", "1", "2", "3", "False", "result None 2"]


def test_a_task_that_failed_is_reported_if_nobody_asks() -> None:
    """The others go on; who awaits it, if late, gets the error instead of a report."""
    vm = machine()
    body = """\
    async def fail(text):
        raise ValueError(text)
    asyncio.create_task(fail('alone'))
    asked = asyncio.create_task(fail('asked'))
    try:
        await asked
    except ValueError as error:
        print(error)
    await asyncio.sleep_ms(5)
"""
    assert vm.run(BEGIN + body + END) == ["asked", "result None 5"]
    assert "ValueError: alone" in vm.stderr
    assert "asked" not in vm.stderr


def test_what_main_raises_ends_run() -> None:
    """With the error itself."""
    with pytest.raises(GuestError, match="ValueError: so"):
        played("raise ValueError('so')")


def test_current_task_is_the_one_whose_turn_it_is() -> None:
    """Outside of `run` there is none."""
    body = "task = asyncio.create_task(who())\nreturn (await task) is task"
    who = "async def who():\n    return asyncio.current_task()\n"
    lines = machine().run(
        who + BEGIN + "".join("    %s\n" % line for line in body.split("\n")) + END
    )
    assert lines == ["result True 0"]
    with pytest.raises(GuestError, match="no running event loop"):
        machine().run("import asyncio\nasyncio.current_task()")


def test_if_everybody_waits_for_somebody_else_run_returns() -> None:
    """As on a board, where nothing could wake them."""
    assert played("await asyncio.Event().wait()") == ["result None 0"]


def test_a_day_of_a_task_that_wakes_every_ten_seconds_takes_seconds() -> None:
    """On a virtual clock, exactly to the end."""
    begun = time.monotonic()
    body = "for _ in range(8640):\n    await asyncio.sleep(10)\nprint(time.time() - %d)" % START_S
    assert played(body) == ["86400.0", "result None 86400000"]
    assert time.monotonic() - begun < 60


def test_an_idle_guest_costs_next_to_nothing() -> None:
    """A second in which it wakes ten times; it waits in one call, however long."""
    source = """
import asyncio
async def main():
    while True:
        await asyncio.sleep_ms(100)
asyncio.run(main())
"""
    vm = Machine(HEAP_BYTES, {"/modules": guest_modules()})
    run = vm.start(source, lambda stream, chunk: None)
    time.sleep(0.3)
    before = resource.getrusage(resource.RUSAGE_SELF)
    time.sleep(1)
    after = resource.getrusage(resource.RUSAGE_SELF)
    run.stop()
    with pytest.raises(Stopped):
        run.join(60)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.2


def test_a_guest_is_woken_from_here() -> None:
    """While it waits without end, and what it wants to happen then, happens."""
    source = """
import outside
def stop_waiting():
    raise KeyboardInterrupt
outside.woken = stop_waiting
try:
    print('waiting')
    outside.wait(-1)
except KeyboardInterrupt:
    print('woken')
"""
    written: list[bytes] = []
    waiting = threading.Event()

    def hear(stream: int, chunk: bytes) -> None:
        written.append(chunk)
        waiting.set()

    run = Machine(HEAP_BYTES, {"/modules": guest_modules()}).start(source, hear)
    assert waiting.wait(60)
    run.wake()
    run.join(60)
    assert b"".join(written) == b"waiting\nwoken\n"


def test_asyncio_and_sockets_take_little_of_the_heap() -> None:
    """What a board has frozen stands here on the heap: less than ASYNCIO_BYTES_MOST, beside what importing takes."""
    folders = {"/modules": guest_modules()}
    source = """
import gc
gc.collect()
before = gc.mem_alloc()
import asyncio, socket
gc.collect()
print(gc.mem_alloc() - before)
"""
    [used] = Machine(HEAP_BYTES, folders).run(source)
    assert int(used) <= ASYNCIO_BYTES_MOST
    assert (
        least_heap("import asyncio, socket\nprint('END')", 4096, HEAP_BYTES, folders) <= 12 * 1024
    )
