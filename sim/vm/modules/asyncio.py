# SPDX-License-Identifier: Apache-2.0
"""asyncio as a board has it frozen, for a VM that has only its inner part, `_asyncio` (queue and task in C).

Behaves as MicroPython's: `run` returns None if everybody waits for somebody else, a task that failed is reported when
nobody waits for it, and a connection that was refused says so at the first read or write. What no node uses is not
here: gather, Lock, ThreadSafeFlag, start_server.
"""

import sys
from _asyncio import Task, TaskQueue
from struct import pack_into, unpack_from
from time import ticks_add, ticks_diff
from time import ticks_ms as ticks

import outside

READ, WRITE = 1, 4  # as outside.wait has them
ROW = 3  # bytes of one of its rows

cur_task = None  # _asyncio looks these two up, and CancelledError, in what Task is given as its second argument
_task_queue = TaskQueue()


class CancelledError(BaseException):
    """Raised where a cancelled task waits."""


class TimeoutError(Exception):  # noqa: A001 - asyncio's name for it
    """Of wait_for."""


class _Turn:
    """Awaited, it gives the turn away once; there is one of it, so that sleeping takes no memory."""

    def __init__(self):
        self.due_ms = None
        self.done = StopIteration()

    def __iter__(self):
        return self

    def __next__(self):
        if self.due_ms is None:
            self.done.__traceback__ = None
            raise self.done
        _task_queue.push(cur_task, self.due_ms)
        self.due_ms = None


class _Lines:
    """Who waits for which connection: by its handle, who reads and who writes."""

    def __init__(self):
        self.waiting = {}

    def until(self, handle, event):
        """Awaited, it comes back when `event` comes about."""
        pair = self.waiting.setdefault(handle, [None, None])
        side = event == WRITE
        assert pair[side] is None
        pair[side] = cur_task
        cur_task.data = self  # whom to tell if it is cancelled
        yield

    def remove(self, task):
        """It was cancelled; called by _asyncio."""
        for handle, pair in list(self.waiting.items()):
            for side in (0, 1):
                if pair[side] is task:
                    pair[side] = None
            self._tidy(handle, pair)

    def wait(self, span_ms):
        """At most so long, below 0 for ever; who has waited enough is ready then."""
        rows = bytearray(ROW * len(self.waiting))
        at = 0
        for handle, (reader, writer) in self.waiting.items():
            pack_into("<HB", rows, at, handle, ((reader and READ) or 0) | ((writer and WRITE) or 0))
            at += ROW
        ready = bytearray(len(rows))
        for at in range(0, ROW * outside.wait(span_ms, rows, ready), ROW):
            handle, events = unpack_from("<HB", ready, at)
            pair = self.waiting[handle]
            for side, event in ((0, READ), (1, WRITE)):
                if events & event and pair[side]:
                    _task_queue.push(pair[side])
                    pair[side] = None
            self._tidy(handle, pair)

    def _tidy(self, handle, pair):
        if pair[0] is pair[1]:  # both None
            del self.waiting[handle]


_turn = _Turn()
_lines = _Lines()


def sleep_ms(span_ms):
    """To be awaited at once."""
    assert _turn.due_ms is None
    _turn.due_ms = ticks_add(ticks(), max(0, span_ms))
    return _turn


def sleep(span_s):
    """In seconds."""
    return sleep_ms(int(span_s * 1000))


def create_task(work):
    """It starts when its turn comes."""
    if not hasattr(work, "send"):
        raise TypeError("coroutine expected")
    task = Task(work, globals())
    _task_queue.push(task)
    return task


def current_task():
    """Whose turn it is. RuntimeError if nobody's."""
    if cur_task is None:
        raise RuntimeError("no running event loop")
    return cur_task


def run(work):
    """What `work` returns, or raises. None if nobody is left whom anything could wake."""
    return _run_until(create_task(work))


def _run_until(main):
    global cur_task
    while True:
        _wait_for_turn()
        cur_task = task = _task_queue.peek() and _task_queue.pop()
        if not task:
            return None
        error = task.data
        if (
            not task.state
        ):  # it failed, and got this turn in case that somebody asks for it in between
            if task.state is None:
                _report(error)
            continue
        try:
            if error:
                task.data = None
                task.coro.throw(error)
            else:
                task.coro.send(None)
        except (CancelledError, Exception) as ending:
            if task is main:
                cur_task = None
                if isinstance(ending, StopIteration):
                    return ending.value
                raise
            _finish(task, ending)


def _wait_for_turn():
    """Until somebody's turn has come, or there is nobody."""
    while True:
        task = _task_queue.peek()
        span_ms = max(0, ticks_diff(task.ph_key, ticks())) if task else -1
        if _lines.waiting or span_ms > 0:
            _lines.wait(span_ms)
        if span_ms == 0 or (span_ms < 0 and not _lines.waiting):
            return


def _finish(task, ending):
    """Its state is True while it runs and nobody waits for it, else a queue of those who do; in the end None, or False
    when somebody has taken notice, and `data` is how it ended."""
    if task.state is True:
        task.state = None
        if not isinstance(ending, (CancelledError, StopIteration)):
            _task_queue.push(task)
    else:
        while task.state.peek():
            _task_queue.push(task.state.pop())
        task.state = False
    task.data = ending  # last: push clears it


def _report(error):
    print("Task exception wasn't retrieved", file=sys.stderr)
    sys.print_exception(error, sys.stderr)


class Event:
    """As asyncio's."""

    def __init__(self):
        self._set = False
        self._waiting = TaskQueue()

    def is_set(self):
        return self._set

    def set(self):
        while self._waiting.peek():
            _task_queue.push(self._waiting.pop())
        self._set = True

    def clear(self):
        self._set = False

    def wait(self):
        """To be awaited, until it is set."""
        if not self._set:
            self._waiting.push(cur_task)
            cur_task.data = self._waiting
            yield
        return True


async def wait_for(work, span_s, sleep=sleep):
    """What `work` returns, within `span_s` seconds, or None for ever; then it is cancelled. TimeoutError."""
    work = work if isinstance(work, Task) else create_task(work)
    if span_s is None:
        return await work
    caller = cur_task
    ended = []  # the result, and what was raised

    async def watch():
        try:
            found = (await work, None)
        except BaseException as error:  # noqa: BLE001 - the caller raises it
            found = (None, error)
        if not ended:
            ended.append(found)
            caller.cancel()

    watcher = create_task(watch())
    try:
        await sleep(span_s)
    except CancelledError:
        if ended:
            result, error = ended[0]
            if error is None:
                return result
            raise error
        ended.append(None)  # it is the caller who was cancelled
        watcher.cancel()
        await watcher
        raise
    ended.append(None)
    watcher.cancel()
    await watcher
    raise TimeoutError


def wait_for_ms(work, span_ms):
    """The same in milliseconds."""
    return wait_for(work, span_ms, sleep_ms)


class Stream:
    """Both directions of a connection; `s` is its socket, or what TLS makes of it."""

    def __init__(self, s):
        self.s = s
        self._out = b""

    def read(self, n=-1):
        """At most `n` bytes, none at the end; all up to the end if `n` is below 0."""
        whole = b""
        while True:
            yield from _lines.until(self.s.fileno(), READ)
            part = self.s.read(n if n >= 0 else 256)
            if part is None:
                continue
            if n >= 0:
                return part
            if not part:
                return whole
            whole += part

    def readexactly(self, n):
        """EOFError if the end comes first."""
        whole = b""
        while len(whole) < n:
            part = yield from self.read(n - len(whole))
            if not part:
                raise EOFError
            whole += part
        return whole

    def write(self, content):
        """Now as far as there is room, else in `drain`."""
        if not self._out:
            count = self.s.write(content)
            if count == len(content):
                return
            content = content[count or 0 :]
        self._out += content

    def drain(self):
        """Until everything is written."""
        if not self._out:
            yield from sleep_ms(0)
            return
        rest = memoryview(self._out)
        while rest:
            yield from _lines.until(self.s.fileno(), WRITE)
            rest = rest[self.s.write(rest) or 0 :]
        self._out = b""

    def close(self):
        """`wait_closed` does it."""

    async def wait_closed(self):
        """Hang up."""
        self.s.close()


StreamReader = StreamWriter = Stream


async def open_connection(host, port, ssl=None, server_hostname=None):
    """A reader and a writer. `ssl` is a context, whose `wrap_socket` makes another socket."""
    import socket  # here, not at the top: whoever opens none does without

    s = socket.socket()
    s.setblocking(False)
    try:
        s.connect(socket.getaddrinfo(host, port)[0][-1])
    except OSError as error:
        if error.errno != socket.errno.EINPROGRESS:
            raise
    await _lines.until(s.fileno(), WRITE)
    if ssl is not None:
        s = ssl.wrap_socket(s, server_hostname=server_hostname)
    stream = Stream(s)
    return stream, stream
