# SPDX-License-Identifier: Apache-2.0
"""Why a run gave no result, one class for each whose fault it is. `lines` is what had been printed until then."""

import re


class VmError(Exception):
    """A run that did not come to its end."""

    def __init__(self, told: str, lines: list[str]) -> None:
        super().__init__(told)
        self.lines = lines


class GuestError(VmError):
    """The source's fault: an exception that nobody caught, or an exit status. Its text is MicroPython's traceback."""

    def __init__(self, told: str, lines: list[str], exception: str) -> None:
        super().__init__(told, lines)
        self.exception = exception  # its name, as ValueError, or "" after sys.exit(1)


class HeapExhausted(GuestError):
    """The heap's fault, or the source's, which asks for more than there is: a MemoryError that nobody caught."""


class TimeBoundExceeded(VmError):
    """The source did not end within the time it was given."""


class Stopped(VmError):
    """Somebody on this side stopped it."""


class VmTrap(VmError):
    """The VM's own fault, or that of the build: it stopped where the source could have caught nothing."""


def exception_name(stderr: str) -> str:
    """The name of the exception whose traceback stands last in `stderr`, "" if none does."""
    lines = stderr.split("\n")
    starts = [i for i, line in enumerate(lines) if line == "Traceback (most recent call last):"]
    after = lines[starts[-1] + 1 :] if starts else lines
    for line in after:
        found = re.match(r"([A-Za-z_]\w*)(:|$)", line)
        if found:
            return found[1]
    return ""


def guest_error(status: int, stderr: str, lines: list[str]) -> GuestError:
    """What exit status `status` with `stderr` means."""
    name = exception_name(stderr)
    told = stderr.strip() or "exit status %d" % status
    return (HeapExhausted if name == "MemoryError" else GuestError)(told, lines, name)
