# SPDX-License-Identifier: Apache-2.0
"""What a signature costs on any machine: multiplications and reductions of field elements."""

import pytest

from tools.base_table import COMMITTED_KIB
from tools.measures import counts
from tools.measures.counted import COUNT, Counted, Counting
from wattpact.crypto import comb, ecdsa, field, p256


@pytest.mark.parametrize("base_kib", [16, COMMITTED_KIB])
def test_no_operation_takes_more_field_arithmetic_than_promised(base_kib: int) -> None:
    """With the comb of the base point that is committed, and with that of a frozen image of a small flash."""
    found = counts.of_ours(base_kib)
    for at, unit in enumerate(counts.UNITS):
        for (counted, operation), most in counts.MOST.items():
            if counted == unit:
                assert 0 < found[operation][at] <= most, (unit, operation)


def test_signing_takes_the_same_whatever_the_secret_the_message_and_the_blind() -> None:
    """Not one multiplication tells them apart."""
    found: set[tuple[int, int]] = set()
    with Counting(field, p256, comb, ecdsa) as count:
        for number in range(1, 30):
            secret, digest = bytes(31) + bytes([number]), bytes([255 - number]) * 32
            found.add(count.of(lambda s=secret, d=digest: ecdsa.sign(s, d)))
    assert len(found) == 1


def test_nothing_is_missed_and_nothing_is_left_behind() -> None:
    """Products and powers are counted, small numbers are not, and afterwards the modules are as before."""
    big = Counted(field.P // 3)
    assert COUNT.of(lambda: big * big % field.P) == (1, 1)
    assert COUNT.of(lambda: (field.P - 3) * big) == (1, 0)
    assert COUNT.of(lambda: (field.P - 3) ** 2 % Counted(field.P)) == (0, 1)
    assert COUNT.of(lambda: big**3) == (2, 0)
    assert COUNT.of(lambda: pow(big, 4, field.P)) == (2, 2)
    assert COUNT.of(lambda: 3 * big % field.P + big) == (0, 0)
    before = dict(vars(ecdsa))
    with Counting(ecdsa):
        assert type(vars(ecdsa)["N"]) is Counted
    assert dict(vars(ecdsa)) == before
    assert type(ecdsa.N) is int
