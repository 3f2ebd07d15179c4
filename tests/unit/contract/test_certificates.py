# SPDX-License-Identifier: Apache-2.0
"""A board keeps the newest certificates; what it keeps comes back as the row that it was."""

from typing import Any

import pytest

from tests.trade.world import FIRST, SLOT
from wattpact.contract.certificates import CERTIFICATES_MAX, Certificates, keep, restore
from wattpact.errors import WireError

FACTOR = ("DE", 2024, 0, 363_000, 0, "a source")


def row(number: int) -> tuple[bytes, bytes, int, int, tuple[Any, ...]]:
    """The award of trade number so and so; later numbers were delivered later."""
    start = FIRST + number * SLOT
    certificate = (b"c" * 32, b"panel id", start, start + SLOT, 7, 0, 9, 7, 9, 9, 1, 1, FACTOR)
    return (number.to_bytes(32, "big"), b"meter id", 9, FIRST + 10**7, certificate)


def test_the_oldest_certificates_go_when_there_are_too_many() -> None:
    """By the end of delivery, in whatever order they come; one filed twice is one."""
    filed = Certificates()
    gone: list[bytes] = []
    for number in reversed(range(CERTIFICATES_MAX)):
        gone += filed.file(row(number)) + filed.file(row(number))
    assert gone == []
    assert filed.file(row(CERTIFICATES_MAX)) == [row(0)[0]]
    assert filed.file(row(0)) == [row(0)[0]]


def test_what_is_kept_of_an_award_comes_back() -> None:
    """Coins and certificate; the key says which trade end it answers."""
    assert restore(row(3)[0], b"meter id", keep(row(3))) == row(3)


@pytest.mark.parametrize("kept", [b"", b"\x83\x00\x00\x80", b"\x80"])
def test_an_award_that_cannot_be_read_is_none(kept: bytes) -> None:
    """WireError."""
    with pytest.raises(WireError):
        restore(b"e" * 32, b"meter id", kept)
