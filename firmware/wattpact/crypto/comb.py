# SPDX-License-Identifier: Apache-2.0
"""Signed combs (Lim and Lee 1994, all digits odd): the sums of a point's multiples that any scalar needs, as bytes.

A comb with t teeth and v tables has 2**(t-1) points a table, 64 bytes each (x, y, little-endian). Every digit is +1 or
-1 and no column is empty, so a multiplication is the same sequence of operations whatever the scalar.
"""

from . import field
from .field import N, P, inverse_all
from .p256 import add_affine, affine, double

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .p256 import Affine, Column, Jacobian

_from_bytes = int.from_bytes


class Comb:
    """The tables of one point."""

    def __init__(self, teeth: int, combs: int, table: "bytes | bytearray") -> None:
        """`table` holds combs * 2**(teeth - 1) points, the tables one after the other."""
        self.teeth = teeth
        self.combs = combs
        self.rows = count_rows(teeth, combs)
        self.table = memoryview(table)

    def entries(self, scalar: int) -> "list[int]":
        """scalar x point as signed entries, 0 < scalar < n: one of each table in every row, the top row first.

        An entry is where its point begins in the table, times 2, plus 1 where the point is to be turned. Row i, counted
        from the bottom, weighs 2**i.
        """
        rows, top_tooth = self.rows, self.teeth - 1
        stride = rows * self.combs  # digits between two teeth
        # Only an odd number is a sum of odd digits; for an even one take n - scalar and turn every point.
        odd = (N - scalar, scalar)[scalar & 1]
        signs = (odd + (1 << self.teeth * stride) - 1) >> 1  # bit i set where digit i is +1
        digits = _gather(signs, self.teeth, stride)
        turned = ~scalar & 1
        full = (1 << top_tooth) - 1
        entries: "list[int]" = []
        for row in range(rows - 1, -1, -1):
            start = 0
            for place in range(row, stride, rows):
                digit = digits[place]
                # The tables are for a top tooth of +1. Where it is -1 all signs are turned, and so is the point.
                top = digit >> top_tooth
                entries.append((start + ((digit ^ (top - 1)) & full)) << 7 | (1 - top) ^ turned)
                start += full + 1
        return entries


def columns(comb: Comb, scalar: int) -> "Iterator[Column]":
    """scalar x the comb's point, 0 < scalar < n, as the points of every row, from the top."""
    table, combs, read = comb.table, comb.combs, _from_bytes
    entries = comb.entries(scalar)
    for start in range(0, len(entries), combs):
        column: "Column" = []
        for entry in entries[start : start + combs]:
            at = entry >> 1
            middle = at + 32
            y = read(table[middle : middle + 32], "little")
            # Both y are computed, whichever is wanted.
            column.append((read(table[at:middle], "little"), (y, P - y)[entry & 1]))
        yield column


def joined_columns(multiples: "list[tuple[Comb, int]]") -> "Iterator[Column]":
    """scalar x the comb's point of all of them, as the points of every row, from the top."""
    parts = [(comb.rows, columns(comb, scalar)) for comb, scalar in multiples]
    for row in range(max([rows for rows, _part in parts]) - 1, -1, -1):
        column: "Column" = []
        for rows, part in parts:
            if row < rows:
                column += next(part)
        yield column


def halved_columns(multiples: "list[tuple[Comb, int]]") -> "Iterator[Column]":
    """As `joined_columns`, and every two points of a row and comb already added: for 6 products instead of 10, and one
    inversion for all. It pays where an inversion costs eight products, in machine code, and not where it costs eighty.

    For combs with an even number of tables. Two points of one row and comb are never equal or opposite: they are
    different multiples, both far below n, of a point of order n. Points are read when they are needed, and twice: that
    costs less than a heap full of large numbers.
    """
    p = field.modulus
    parts: "list[tuple[Comb, list[int], int]]" = []  # and where the inverses of a comb begin
    widths: "list[int]" = []
    for comb, scalar in multiples:
        entries = comb.entries(scalar)
        parts.append((comb, entries, len(widths)))
        for index in range(0, len(entries), 2):
            widths.append(_x(comb.table, entries[index + 1]) - _x(comb.table, entries[index]))
    inverses = inverse_all(widths)
    del widths
    for row in range(max([comb.rows for comb, _scalar in multiples]) - 1, -1, -1):
        column: "Column" = []
        for comb, entries, first in parts:
            start = (comb.rows - 1 - row) * comb.combs
            if start >= 0:
                for index in range(start, start + comb.combs, 2):
                    one, other = (
                        _point(comb.table, entries[index]),
                        _point(comb.table, entries[index + 1]),
                    )
                    column.append(add_affine(one, other, inverses[first + (index >> 1)], p))
        yield column


def _x(table: memoryview, entry: int) -> int:
    """x of an entry's point."""
    at = entry >> 1
    return _from_bytes(table[at : at + 32], "little")


def _point(table: memoryview, entry: int) -> "Affine":
    """The point of an entry. Both y are computed, whichever is wanted."""
    at = entry >> 1
    middle = at + 32
    y = _from_bytes(table[middle : middle + 32], "little")
    return _from_bytes(table[at:middle], "little"), (y, P - y)[entry & 1]


def count_rows(teeth: int, combs: int) -> int:
    """Powers of two that the columns of a comb are weighed with: a scalar has 256 bits."""
    return -(-256 // (teeth * combs))


def _gather(signs: int, teeth: int, stride: int) -> "Sequence[int]":
    """For every place the bits of all teeth there, side by side."""
    if field.machine is not None:
        digits = bytearray(stride)
        field.machine.gather(
            digits, signs.to_bytes((teeth * stride + 7) >> 3, "little"), teeth, stride
        )
        return digits
    fold = (1 << stride) - 1
    mask = ((1 << teeth * stride) - 1) // fold  # one bit for each tooth
    fold -= 1  # modulo this 2**stride is 2
    return [(signs >> place & mask) % fold for place in range(stride)]


def build(point: "Affine", teeth: int, combs: int) -> bytearray:
    """The tables of a point on the curve; teeth >= 2."""
    table = bytearray(combs << (teeth + 5))  # first, while the heap is still in one piece
    multiples = _steps(point, count_rows(teeth, combs), teeth * combs)
    # For each table its teeth, the top one first, each a list with one sum; two lists are joined until one is left.
    tables = [
        [[multiples[at]] for at in range((teeth - 1) * combs + number, -1, -combs)]
        for number in range(combs)
    ]
    del multiples
    while len(tables[0]) > 2:
        tables = _join(tables)
    inverses = _inverse_widths(tables)
    pair = at = 0
    for uppers, lowers in tables:
        for x, y in _sums(uppers, lowers, inverses, pair):
            table[at : at + 32] = (x % P).to_bytes(32, "little")
            table[at + 32 : at + 64] = (y % P).to_bytes(32, "little")
            at += 64
        pair += len(uppers) * len(lowers)
    return table


def _steps(point: "Affine", rows: int, count: int) -> "list[Affine]":
    """point, 2**rows x point, 2**(2 rows) x point ..., `count` of them."""
    x, y, z = point[0], point[1], 1
    steps: "list[Jacobian]" = [(x, y, z)]
    for _step in range(1, count):
        x, y, z = double(x, y, z, rows, field.modulus)
        steps.append((x, y, z))
    return affine(steps)


def _join(tables: "list[list[Column]]") -> "list[list[Column]]":
    """Neighbouring lists of every table joined to the list of their sums."""
    inverses = _inverse_widths(tables)
    pair = 0
    joined: "list[list[Column]]" = []
    for lists in tables:
        fewer: "list[Column]" = []
        for index in range(1, len(lists), 2):
            uppers, lowers = lists[index - 1], lists[index]
            fewer.append(list(_sums(uppers, lowers, inverses, pair)))
            pair += len(uppers) * len(lowers)
        if len(lists) & 1:
            fewer.append(lists[-1])
        joined.append(fewer)
    return joined


def _inverse_widths(tables: "list[list[Column]]") -> "list[int]":
    """1/(x of lower - x of upper) for every upper and every lower of neighbouring lists, with one inversion for all."""
    widths: "list[int]" = []
    for lists in tables:
        for index in range(1, len(lists), 2):
            for upper in lists[index - 1]:
                widths += [lower[0] - upper[0] for lower in lists[index]]
    return inverse_all(widths)


def _sums(
    uppers: "Column", lowers: "Column", inverses: "list[int]", pair: int
) -> "Iterator[Affine]":
    """upper - lower and upper + lower for all of them, 3 products each, in the order of the index.

    An index has a bit for every tooth but the top one, set for +. upper - lower turns the signs of all teeth in lower,
    so these come in the opposite order. `pair` is where the inverses of these lists begin.
    """
    p = field.modulus
    for upper in uppers:
        for index in range(len(lowers) - 1, -1, -1):
            x, y = lowers[index]
            yield add_affine(upper, (x, P - y), inverses[pair + index], p)
        for lower in lowers:
            yield add_affine(upper, lower, inverses[pair], p)
            pair += 1


class PeerCombs:
    """Combs of the keys that come again, at most `most` of them; a key seen once is worth no table.

    A comb makes the third and every later signature of a key four times as cheap as the first; the second one pays for
    it. When all places are taken a key gets one only if its last signature is younger than that of the comb used
    longest ago: a crowd of strangers, or more plants than places, pushes nobody out.
    """

    def __init__(self, most: int = 4, teeth: int = 6) -> None:
        """`most` combs of 64 << teeth bytes; as many names of keys seen once are remembered, twice over."""
        self._most = most
        self._teeth = teeth
        self._combs: "dict[bytes, tuple[Affine, Comb]]" = {}
        self._seen: "dict[bytes, int]" = {}  # when each key was last asked for, with a comb or without
        self._time = 0

    def find(self, public: bytes) -> "tuple[Affine, Comb] | None":
        """The point and the comb of a key that has one."""
        found = self._combs.get(public)
        if found is not None:
            self._time += 1
            self._seen[public] = self._time
        return found

    def meet(self, public: bytes, point: "Affine") -> "Comb | None":
        """A key that has no comb, and its point on the curve: its comb if it is worth one now."""
        self._time += 1
        before = self._seen.get(public)
        self._seen[public] = self._time
        comb = None
        if before is not None and self._make_room(before):
            comb = self._built(public, point)
        self._forget()
        return comb

    def _make_room(self, before: int) -> bool:
        if len(self._combs) < self._most:
            return True
        if not self._combs:
            return False
        oldest = min(self._combs, key=lambda public: self._seen[public])
        if self._seen[oldest] > before:
            return False
        del self._combs[oldest]
        return True

    def _built(self, public: bytes, point: "Affine") -> "Comb | None":
        """None, and room for one less from now on, if the heap has no room for it."""
        try:
            comb = Comb(self._teeth, 2, build(point, self._teeth, 2))
        except MemoryError:
            self._most = len(self._combs)
            return None
        self._combs[public] = point, comb
        return comb

    def _forget(self) -> None:
        """The key without a comb that was not asked for the longest, if there are too many."""
        if len(self._seen) > 3 * self._most:
            idle = [public for public in self._seen if public not in self._combs]
            del self._seen[min(idle, key=lambda public: self._seen[public])]
