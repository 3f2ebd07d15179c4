# SPDX-License-Identifier: Apache-2.0
"""What happened lately, in so much memory and no more: for the person who asks a board why.

Texts only, cut at TEXT_MAX. A run of more than 16 hex digits is cut to 8: a kid may stand in a log, a key never does,
whoever wrote the text.
"""

from .compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

INFO = const(0)
WARNING = const(1)
ERROR = const(2)
NAMES = ("info", "warning", "error")
TEXT_MAX = const(160)
LINES = const(64)

_RUN_MAX = const(16)
_RUN_SHOWN = const(8)


class Line:
    """`count` times in a row, the last one at `time`."""

    def __init__(self, time: int, level: int, code: str, text: str) -> None:
        self.time = time
        self.level = level
        self.code = code
        self.text = text
        self.count = 1


class Log:
    """The last `size` lines of at least `level`. `tell` hears of each, as a console does."""

    def __init__(
        self, now: "Callable[[], int]", size: int, level: int, tell: "Callable[[str], object]"
    ) -> None:
        """`now` is Unix s, 0 while nobody knows."""
        if size < 1:
            raise ValueError("a log has one line at least")
        self._now = now
        self._size = size
        self._level = level
        self._tell = tell
        self.lines: "list[Line]" = []

    def add(self, level: int, code: str, text: str) -> None:
        """A line more, or the last one once more; the oldest goes when it is full."""
        if level < self._level:
            return
        text = safe(text)
        last = self.lines[-1] if self.lines else None
        if last is not None and (last.level, last.code, last.text) == (level, code, text):
            last.count += 1
            last.time = self._now()
            return
        if len(self.lines) >= self._size:
            self.lines.pop(0)
        line = Line(self._now(), level, code, text)
        self.lines.append(line)
        self._tell(shown(line))


def shown(line: Line) -> str:
    """One line of text."""
    times = " (%d times)" % line.count if line.count > 1 else ""
    return "%d %s %s: %s%s" % (line.time, NAMES[line.level], line.code, line.text, times)


def safe(text: str) -> str:
    """`text` on one line, short, and without anything that might be a key."""
    cut = ""
    run = 0
    for char in text[:TEXT_MAX]:
        is_hex = "0" <= char <= "9" or "a" <= char <= "f" or "A" <= char <= "F"
        run = run + 1 if is_hex else 0
        if run == _RUN_MAX + 1:
            cut = cut[: len(cut) - _RUN_MAX + _RUN_SHOWN] + "..."
        elif run <= _RUN_MAX:
            cut += char if char >= " " else " "
    return cut
