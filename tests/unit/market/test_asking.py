# SPDX-License-Identifier: Apache-2.0
"""Questions to neighbours, what answers count, and what a neighbour is answered."""

from tests.unit.market.given import METER, NETWORK, NOW, book, hear, offer, plant_id
from wattpact.market.asking import ASKED_MAX, OPEN_S, Asking

NEIGHBOURS = [bytes([number]) * 8 for number in range(1, 6)]
QUESTION = b"q" * 32


def test_neighbours_are_asked_in_turn() -> None:
    """Three at a time, and the next question goes on where the last one stopped."""
    asking = Asking(NEIGHBOURS)
    first = asking.ask(NETWORK, METER, NOW)[1]
    second = asking.ask(NETWORK, METER, NOW + 900)[1]
    assert len(first) == ASKED_MAX
    assert first + second == [*NEIGHBOURS, NEIGHBOURS[0]]


def test_a_lonely_meter_asks_nobody() -> None:
    """No neighbour, no question to send."""
    assert Asking([]).ask(NETWORK, METER, NOW)[1] == []


def test_two_questions_are_two_messages() -> None:
    """The nonce differs, so an answer to the one is none to the other."""
    asking = Asking(NEIGHBOURS)
    first = asking.ask(NETWORK, METER, NOW)[0]
    second = asking.ask(NETWORK, METER, NOW + 1)[0]
    assert first.nonce != second.nonce


def test_an_answer_counts_once_from_whom_was_asked_while_the_question_is_open() -> None:
    """Strangers, repetitions, other questions and late answers do not count."""
    asking = Asking(NEIGHBOURS[:2])
    asking.ask(NETWORK, METER, NOW)
    asking.asked(QUESTION, NOW)
    assert not asking.expects(QUESTION, NEIGHBOURS[4], NOW)
    assert not asking.expects(b"x" * 32, NEIGHBOURS[0], NOW)
    assert asking.expects(QUESTION, NEIGHBOURS[0], NOW + OPEN_S - 1)
    assert not asking.expects(QUESTION, NEIGHBOURS[0], NOW)
    assert not asking.expects(QUESTION, NEIGHBOURS[1], NOW + OPEN_S)


def test_an_answer_carries_signed_offers_and_what_the_teller_found_itself() -> None:
    """What others told the teller is not passed on: a rumour ends where it began."""
    heard = book()
    hear(heard, 1)
    hear(heard, 2, offer(2, low=[(NOW - 86400, 3600)]), now=NOW - 5)
    heard.told(plant_id(1), NEIGHBOURS[0], 1, NOW)
    tell = Asking([]).tell(QUESTION, heard, NETWORK, NOW)
    assert tell.ask_id == QUESTION
    entries = [heard.get(plant_id(number)) for number in (1, 2)]
    assert tell.plants == [
        (entry.envelope, entry.register_envelope, heard.judgement(entry, NOW).own_ppm)
        for entry in entries
        if entry
    ]
    assert tell.plants[0][2] == 917_095
