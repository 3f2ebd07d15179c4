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
    from .p256 import Affine, Column, Jacobian

_from_bytes = int.from_bytes


class Comb:
    """The tables of one point."""

    def __init__(self, teeth: int, combs: int, table: bytes) -> None:
        """`table` holds combs * 2**(teeth - 1) points, the tables one after the other."""
        self._teeth = teeth
        self._combs = combs
        self._rows = count_rows(teeth, combs)
        self._table = memoryview(table)

    def columns(self, scalar: int) -> "list[Column]":
        """`combs` points for each power of two, so that the weighted sum is scalar x point; 0 < scalar < n."""
        teeth, rows, table = self._teeth, self._rows, self._table
        stride = rows * self._combs  # digits between two teeth
        # Only an odd number is a sum of odd digits; for an even one take n - scalar and turn every point.
        odd = (N - scalar, scalar)[scalar & 1]
        signs = (odd + (1 << teeth * stride) - 1) >> 1  # bit i set where digit i is +1, clear at -1
        digits = _recode(signs, teeth, stride, 128 - ((scalar & 1) << 7))
        columns: "list[Column]" = []
        for row in range(rows):
            column: "Column" = []
            start = 0
            for column_at in range(row, stride, rows):
                digit = digits[column_at]
                at = (start + (digit & 127)) << 6
                y = _from_bytes(table[at + 32 : at + 64], "little")
                # Both y are computed, whichever is wanted.
                column.append((_from_bytes(table[at : at + 32], "little"), (y, P - y)[digit >> 7]))
                start += 1 << (teeth - 1)
            columns.append(column)
        return columns


def count_rows(teeth: int, combs: int) -> int:
    """Powers of two that the columns of a comb are weighed with: a scalar has 256 bits."""
    return -(-256 // (teeth * combs))


def _recode(signs: int, teeth: int, stride: int, turn: int) -> bytearray:
    """For each column the bits of all teeth as an index into a table, plus 128 where the point is to be turned.

    The tables are for a top tooth of +1. Where it is -1 all signs are turned, and so is the point. `turn` is 128 to
    turn every point once more, or 0.
    """
    digits = bytearray(stride)
    if field.machine is not None:
        bits = signs.to_bytes((teeth * stride + 7) >> 3, "little")
        field.machine.recode(digits, bits, teeth, stride, turn)
        return digits
    top_tooth = teeth - 1
    full = (1 << top_tooth) - 1
    fold = (1 << stride) - 1
    mask = ((1 << teeth * stride) - 1) // fold  # one bit for each tooth
    fold -= 1  # modulo this 2**stride is 2: the bits of all teeth come to lie side by side
    for column in range(stride):
        digit = (signs >> column & mask) % fold
        top = digit >> top_tooth
        digits[column] = (digit ^ (top - 1)) & full | ((1 - top) << 7) ^ turn
    return digits


def build(point: "Affine", teeth: int, combs: int) -> bytes:
    """The tables of a point on the curve; teeth >= 2."""
    multiples = _steps(point, count_rows(teeth, combs), teeth * combs)
    # For each table its teeth, the top one first, each a list with one sum; two lists are joined until one is left.
    tables = [
        [[multiples[at]] for at in range((teeth - 1) * combs + table, -1, -combs)]
        for table in range(combs)
    ]
    while len(tables[0]) > 1:
        tables = _join(tables)
    result = bytearray()
    for table in tables:
        for x, y in table[0]:
            result.extend((x % P).to_bytes(32, "little"))
            result.extend((y % P).to_bytes(32, "little"))
    return bytes(result)


def _steps(point: "Affine", rows: int, count: int) -> "list[Affine]":
    """point, 2**rows x point, 2**(2 rows) x point ..., `count` of them."""
    x, y, z = point[0], point[1], 1
    steps: "list[Jacobian]" = [(x, y, z)]
    for _step in range(1, count):
        x, y, z = double(x, y, z, rows, field.modulus)
        steps.append((x, y, z))
    return affine(steps)


def _join(tables: "list[list[Column]]") -> "list[list[Column]]":
    """Neighbouring lists of every table joined, with one inversion for all: each sum u of the left one and l of the
    right one gives u - l and u + l, 9 products for both.

    An index has a bit for every tooth but the top one, set for +. u - l turns the signs of all teeth in l, so its index
    counts from the other end.
    """
    p = field.modulus
    widths: "list[int]" = []
    for lists in tables:
        for index in range(1, len(lists), 2):
            for upper in lists[index - 1]:
                widths.extend([lower[0] - upper[0] for lower in lists[index]])
    inverses = iter(inverse_all(widths))
    joined: "list[list[Column]]" = []
    for lists in tables:
        shorter: "list[Column]" = []
        for index in range(1, len(lists), 2):
            shorter.append([])
            for upper in lists[index - 1]:
                minus: "Column" = []
                plus: "Column" = []
                for lower in lists[index]:
                    inverse_width = next(inverses)
                    minus.append(add_affine((upper, (lower[0], P - lower[1])), inverse_width, p))
                    plus.append(add_affine((upper, lower), inverse_width, p))
                minus.reverse()
                shorter[-1] += minus + plus
        if len(lists) & 1:
            shorter.append(lists[-1])
        joined.append(shorter)
    return joined


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
        self._combs: "dict[bytes, Comb]" = {}
        self._seen: "dict[bytes, int]" = {}  # when each key was last asked for, with a comb or without
        self._time = 0

    def comb(self, public: bytes, point: "Affine") -> "Comb | None":
        """The comb of a key, which may be built now, or None."""
        self._time += 1
        before = self._seen.get(public)
        self._seen[public] = self._time
        comb = self._combs.get(public)
        if comb is None:
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
        self._combs[public] = comb
        return comb

    def _forget(self) -> None:
        """The key without a comb that was not asked for the longest, if there are too many."""
        if len(self._seen) > 3 * self._most:
            idle = [public for public in self._seen if public not in self._combs]
            del self._seen[min(idle, key=lambda public: self._seen[public])]
