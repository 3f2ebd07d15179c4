# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a user's file, each with a text of one line that says where.

    InputError
    |-- FileMissing      nothing has that name
    |-- FileUnreadable   a directory, a device, or the system refused
    |-- FileEmpty        no line with anything on it
    |-- HeaderOnly       column names and not one slot
    |-- NotText          NUL bytes or not UTF-8
    |-- TooLarge         more columns, rows, cells or a longer line than a run can take
    |-- BadHeader        not `time` and then one unique name per column, separated by commas
    |-- BadRow           not as many cells as columns, a blank line, quotes that do not close
    |-- BadTime          no instant, or not the start of a slot
    |-- BadOrder         a slot that does not follow the one before
    |-- BadEnergy        not a finite, non-negative number of Wh
    `-- NoOverlap        two files without a slot in common

The user's mistake, always: whoever reads a file prints the text and ends with exit code 2.
"""

_SHOWN_MAX = 40


def shown(text: str) -> str:
    """`text` in double quotes, at most 40 characters of it, without anything that would break the line."""
    cut = text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 1] + "…"
    return '"%s"' % plain(cut)


def plain(text: str) -> str:
    """`text` with control characters, line ends and other invisible ones escaped."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


class InputError(Exception):
    """A file of the user's is not as docs/simulation.md describes it; str() is one line."""

    def __init__(
        self, file: str, problem: str, line: int | None = None, column: str | None = None
    ) -> None:
        place = plain(file)
        if line is not None:
            place += ", line %d" % line
        if column is not None:
            place += ", column %s" % shown(column)
        super().__init__("%s: %s" % (place, problem))
        self.file = file
        self.line = line
        self.column = column


class FileMissing(InputError):
    """Nothing has that name."""


class FileUnreadable(InputError):
    """A directory, a device, or the system refused."""


class FileEmpty(InputError):
    """No line with anything on it."""


class HeaderOnly(InputError):
    """Column names and not one slot."""


class NotText(InputError):
    """NUL bytes, or not UTF-8."""


class TooLarge(InputError):
    """More columns, rows, cells or a longer line than a run can take."""


class BadHeader(InputError):
    """Not `time` and then one unique name per column, separated by commas."""


class BadRow(InputError):
    """Not as many cells as columns, a blank line between others, or quotes that do not close."""


class BadTime(InputError):
    """No instant, or not the start of a slot."""


class BadOrder(InputError):
    """A slot that does not follow the one before."""


class BadEnergy(InputError):
    """Not a finite, non-negative number of Wh within bounds."""


class NoOverlap(InputError):
    """Two files without a slot in common."""
