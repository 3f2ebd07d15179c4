# SPDX-License-Identifier: Apache-2.0
"""What docs/protocol.md says in words, and no generator writes, is what the code does."""

from pathlib import Path

from host.engine import NOT_YET, PATIENCE_S
from wattpact.market.asking import ASKED_MAX
from wattpact.market.choice import TRIES_MAX
from wattpact.wire import messages

PAGE = " ".join((Path(__file__).resolve().parents[3] / "docs" / "protocol.md").read_text().split())
WORDS = {3: "three"}


def test_the_hosts_patience_is_as_told() -> None:
    """Which refusals wait, and for how long."""
    rules = ", ".join("R%d" % rule for rule in NOT_YET)
    told = "What may still become valid (%s) it keeps for %d minutes" % (rules, PATIENCE_S // 60)
    assert told in PAGE


def test_counts_in_words_are_the_codes() -> None:
    """How many neighbours are asked, how many plants are tried."""
    assert "sends ASK to %s neighbours" % WORDS[ASKED_MAX] in PAGE
    assert "tries at most %s plants a round" % WORDS[TRIES_MAX] in PAGE


def test_the_reasons_of_a_decline_have_their_numbers() -> None:
    """In the order of the table."""
    rows = (
        (messages.DECLINE_SOLD, "the panel has too little left"),
        (messages.DECLINE_STALE, "the offer is not the standing one"),
        (messages.DECLINE_TERMS, "panel, price, currency, slots or sums"),
        (messages.DECLINE_CLOSED, "the plant does not sell now"),
    )
    for number, words in rows:
        assert "| %d | %s" % (number, words) in PAGE
