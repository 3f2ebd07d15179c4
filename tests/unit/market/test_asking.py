# SPDX-License-Identifier: Apache-2.0
"""Questions to neighbours, what answers count, and what a neighbour is answered."""

from tests.unit.market.given import METER, NETWORK, NOW, book, hear, offer, plant_id
from wattpact.market.asking import ASKED_MAX, NEIGHBOURS_MAX, OPEN_S, Asking

NEIGHBOURS = [bytes([number]) * 8 for number in range(1, 6)]
QUESTION = b"q" * 32


def acquainted(*neighbours: bytes) -> Asking:
    """With these, met in that order."""
    asking = Asking(METER)
    for neighbour in neighbours:
        asking.add(neighbour)
    return asking


def test_it_does_not_matter_who_was_met_first_or_how_often() -> None:
    """A broker sends what it retained in any order: everybody is asked in the order of kids, from the own on."""
    low, high = bytes(8), b"\xff" * 8
    before, after = (bytes([METER[0] + step]) * 8 for step in (-1, 1))
    asking = acquainted(high, before, low, after, before, METER)
    assert asking.neighbours() == acquainted(low, after, before, high).neighbours()
    assert asking.neighbours() == [after, high, low, before]


def test_of_too_many_neighbours_the_nearest_kids_stay() -> None:
    """Bounded, and still the same ones whoever was met first."""
    met = [METER[:6] + number.to_bytes(2, "big") for number in range(3 * NEIGHBOURS_MAX)]
    up, down = acquainted(*met), acquainted(*met[::-1])
    assert up.neighbours() == down.neighbours()
    assert len(up.neighbours()) == NEIGHBOURS_MAX
    assert [up.wants(kid) for kid in met if kid not in up.neighbours()] == [False] * (
        len(met) - NEIGHBOURS_MAX
    )


def test_who_was_revoked_is_not_asked() -> None:
    """And one more finds room."""
    asking = acquainted(*NEIGHBOURS)
    asking.remove(NEIGHBOURS[1])
    asking.remove(NEIGHBOURS[1])
    assert NEIGHBOURS[1] not in asking.neighbours()
    assert len(asking.neighbours()) == len(NEIGHBOURS) - 1


def test_neighbours_are_asked_in_turn() -> None:
    """Three at a time, and the next question goes on where the last one stopped."""
    asking = acquainted(*NEIGHBOURS)
    first = asking.ask(NETWORK, NOW)[1]
    second = asking.ask(NETWORK, NOW + 900)[1]
    assert len(first) == ASKED_MAX
    assert first + second == [*asking.neighbours(), asking.neighbours()[0]]


def test_a_lonely_meter_asks_nobody() -> None:
    """No neighbour, no question to send."""
    assert Asking(METER).ask(NETWORK, NOW)[1] == []


def test_two_questions_are_two_messages() -> None:
    """The nonce differs, so an answer to the one is none to the other."""
    asking = acquainted(*NEIGHBOURS)
    first = asking.ask(NETWORK, NOW)[0]
    second = asking.ask(NETWORK, NOW + 1)[0]
    assert first.nonce != second.nonce


def test_an_answer_counts_once_from_whom_was_asked_while_the_question_is_open() -> None:
    """Strangers, repetitions, other questions and late answers do not count."""
    asking = acquainted(*NEIGHBOURS[:2])
    asking.ask(NETWORK, NOW)
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
    tell = Asking(METER).tell(QUESTION, heard, NETWORK, NOW)
    assert tell.ask_id == QUESTION
    entries = [heard.get(plant_id(number)) for number in (1, 2)]
    assert tell.plants == [
        (entry.envelope, entry.register_envelope, heard.judgement(entry, NOW).own_ppm)
        for entry in entries
        if entry
    ]
    assert tell.plants[0][2] == 917_095
