# SPDX-License-Identifier: Apache-2.0
"""The order of a round is checked once, so that no core has to."""

from typing import Any

import pytest

from host.genesis import Terms
from tests.trade.world import FIRST, ROUND, SLOT, genesis
from wattpact.contract.timing import Timing
from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import Genesis, parse_as


def founded(**terms: Any) -> Genesis:
    """A genesis of these terms."""
    return parse_as(Genesis, peek_payload(genesis(Terms(**terms))))


def test_the_leads_that_stand_by_default_hold() -> None:
    """With rounds of an hour in slots of a quarter."""
    timing = Timing(founded(), 4)
    assert (timing.round_s, timing.slots_of(FIRST)) == (
        ROUND,
        [FIRST, FIRST + SLOT, FIRST + 2 * SLOT, FIRST + 3 * SLOT],
    )


@pytest.mark.parametrize(
    ("slots", "changed", "why"),
    [
        (0, {}, "slots"),
        (5, {}, "slots"),
        (4, {"offer_lead_s": 1_080}, "leads"),
        (4, {"ask_lead_s": 900}, "leads"),
        (4, {"decide_lead_s": 480}, "leads"),
        (4, {"answer_s": 160}, "leads"),
        (4, {"accept_s": 600}, "leads"),
        (1, {"offer_lead_s": 1_501}, "overtake"),
        (4, {"grace_s": SLOT}, "grace"),
        (4, {"grace_s": -1}, "grace"),
        (4, {"spread_s": 0}, "spread"),
        (4, {"answer_s": 0}, "waits"),
        (4, {"accept_s": 0}, "waits"),
    ],
)
def test_a_round_out_of_order_is_refused(slots: int, changed: dict[str, int], why: str) -> None:
    """ValueError says what is wrong: nothing that depends on it could hold."""
    with pytest.raises(ValueError, match=why):
        Timing(founded(), slots, **changed)


def test_just_in_order_is_enough() -> None:
    """The bounds themselves, on the good side."""
    Timing(founded(), 4, decide_lead_s=481)
    Timing(founded(), 1, offer_lead_s=1_500)
    Timing(founded(), 4, grace_s=SLOT - 1)


def test_each_node_has_its_own_second_of_the_spread() -> None:
    """The same every round, within the spread, and not the same for all."""
    timing = Timing(founded(), 4)
    seconds = {timing.spread(number.to_bytes(4, "big") + b"rest") for number in range(500)}
    assert seconds == set(range(timing.spread_s))
    assert timing.spread(b"same kid") == timing.spread(b"same kid")


def test_the_first_round_is_one_that_is_not_late_yet() -> None:
    """Due just now is in time, a second later is not; rounds start at multiples of their length."""
    timing = Timing(founded(), 4)
    assert timing.first_round(FIRST - 900, 900) == FIRST
    assert timing.first_round(FIRST - 899, 900) == FIRST + ROUND
    assert timing.first_round(FIRST, 0) == FIRST
    assert FIRST % timing.round_s == 0
