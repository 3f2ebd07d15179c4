# SPDX-License-Identifier: Apache-2.0
"""One sender's use has an end, and another's does not shorten it."""

from host.gateway.limits import Limits, Meters

LIMITS = Limits(messages_per_s=2, messages_burst=3, bytes_per_s=100, bytes_burst=1_000)
ANNA, BEN = b"anna    ", b"ben     "


def test_messages_are_limited_for_each_sender_by_itself() -> None:
    """Three at once, then two a second."""
    meters = Meters(LIMITS)
    assert [meters.spend(ANNA, 1, 0) for _ in range(4)] == [True, True, True, False]
    assert meters.spend(BEN, 1, 0)
    assert [meters.spend(ANNA, 1, 1) for _ in range(3)] == [True, True, False]


def test_bytes_are_limited_too() -> None:
    """What is refused costs nothing."""
    meters = Meters(LIMITS)
    assert not meters.spend(ANNA, 1_001, 0)
    assert meters.spend(ANNA, 1_000, 0)
    assert not meters.spend(ANNA, 101, 1)
    assert meters.spend(ANNA, 100, 1)


def test_a_clock_that_goes_back_gives_and_takes_nothing() -> None:
    """And one that leaps gives no more than the burst."""
    meters = Meters(LIMITS)
    assert [meters.spend(ANNA, 1, 100) for _ in range(3)] == [True] * 3
    assert not meters.spend(ANNA, 1, 50)
    assert [meters.spend(ANNA, 1, 1 << 40) for _ in range(4)] == [True, True, True, False]


def test_buckets_are_bounded_and_the_longest_unused_goes() -> None:
    """It begins full again."""
    meters = Meters(LIMITS, senders_max=2)
    for sender in (ANNA, BEN, b"clara   "):
        assert [meters.spend(sender, 1, 0) for _ in range(3)] == [True] * 3
    assert not meters.spend(BEN, 1, 0)
    assert meters.spend(ANNA, 1, 0)
