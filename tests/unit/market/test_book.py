# SPDX-License-Identifier: Apache-2.0
"""What the book takes in, what it drops, and how everything known of a plant enters its judgement."""

from itertools import permutations

import pytest

from tests.unit.market.given import (
    ALWAYS,
    DAY_S,
    HOUR_S,
    METER,
    NOW,
    SLOT_S,
    book,
    hear,
    offer,
    plant_id,
    plant_kid,
    register,
)
from wattpact.market.book import (
    BYTES_MAX,
    DELIVERIES_MAX,
    EQUIVOCATED,
    FULL,
    KNOWN,
    MISFIT,
    NEW,
    NEWER,
    OLDER,
    OWN,
    PLANTS_MAX,
    TELLERS_MAX,
    Book,
    Heard,
)
from wattpact.market.reliability import SOURCE_NEIGHBOURS, SOURCE_OWN, SOURCE_UNCHECKED, score
from wattpact.wire.envelope import ENVELOPE_MAX
from wattpact.wire.messages import LOW_MAX, TELL_MAX, Offer, Register


def entry_of(heard: Book, number: int) -> Heard:
    """The entry, which must be there."""
    entry = heard.get(plant_id(number))
    assert entry is not None
    return entry


def test_the_latest_offer_of_a_plant_counts() -> None:
    """A higher seq replaces, a lower one is ignored, the same one is known."""
    heard = book()
    assert hear(heard, 1, offer(1, seq=5, price=100)) == NEW
    assert hear(heard, 1, offer(1, seq=7, price=300)) == NEWER
    assert hear(heard, 1, offer(1, seq=6, price=200)) == OLDER
    assert hear(heard, 1, offer(1, seq=7, price=300), now=NOW + 9) == KNOWN
    assert entry_of(heard, 1).offer.price == 300
    assert entry_of(heard, 1).heard_at == NOW + 9


def test_two_offers_with_one_seq_mark_the_plant_for_good() -> None:
    """The first offer stays for the record, and no later offer clears the mark."""
    heard = book()
    hear(heard, 1, offer(1, seq=5, price=100))
    assert hear(heard, 1, offer(1, seq=5, price=99)) == EQUIVOCATED
    assert entry_of(heard, 1).offer.price == 100
    assert hear(heard, 1, offer(1, seq=6)) == NEWER
    assert entry_of(heard, 1).equivocated
    assert heard.candidates(NOW, 4) == [entry_of(heard, 1)]
    assert heard.to_tell(NOW) == []


def test_a_replaced_key_cannot_frame_its_successor() -> None:
    """The same seq under another key of the plant is old news, not equivocation."""
    heard = book()
    hear(heard, 1, offer(1, seq=5, price=100))
    assert hear(heard, 1, offer(1, seq=5, price=99), kid=b"old key!") == OLDER
    assert not entry_of(heard, 1).equivocated


def test_a_new_key_brings_no_new_history() -> None:
    """The plant's entry, its marks and the earliest time it was seen stay when its key is replaced."""
    heard = book()
    hear(heard, 1)
    heard.observe(plant_id(1), NOW, 100, 0)
    later = register(1, issued_at=NOW - DAY_S)
    assert hear(heard, 1, offer(1, seq=2), kid=b"new key!", registered=later) == NEWER
    entry = entry_of(heard, 1)
    assert entry.plant_kid == b"new key!"
    assert entry.first_seen == NOW - 60 * DAY_S
    assert len(entry.deliveries) == 1


@pytest.mark.parametrize(
    ("offered", "registered"),
    [
        (offer(1), register(2)),
        (offer(1, panels=2), register(1, panels=1)),
        (offer(1, start=NOW + 1), register(1)),
        (offer(1), register(1, service=ALWAYS[:3])),
    ],
    ids=["another plant", "a panel not registered", "no whole slots", "no service windows"],
)
def test_an_offer_that_does_not_fit_its_registration_is_not_taken(
    offered: Offer, registered: Register
) -> None:
    """The registrar says whose panels they are, never the offer."""
    heard = book()
    assert hear(heard, 1, offered, registered=registered) == MISFIT
    assert heard.entries() == []


def test_a_prosumer_does_not_hear_its_own_plant() -> None:
    """Nobody trades with the same key."""
    heard = book()
    assert hear(heard, 1, kid=METER) == OWN
    assert heard.entries() == []


def test_the_plant_not_heard_for_longest_makes_room() -> None:
    """The book holds 32; what is kept (favourites, open contracts) stays however long it was silent."""
    heard = book()
    for number in range(PLANTS_MAX):
        hear(heard, number, now=NOW + number)
    assert hear(heard, 99, now=NOW + 100, keep=(plant_id(0), plant_id(1))) == NEW
    held = [entry.plant_id for entry in heard.entries()]
    assert len(held) == PLANTS_MAX
    assert plant_id(0) in held
    assert plant_id(1) in held
    assert plant_id(2) not in held


def test_a_book_full_of_kept_plants_takes_no_other() -> None:
    """The newcomer is told off, and nothing is lost."""
    heard = book()
    keep = tuple(plant_id(number) for number in range(PLANTS_MAX))
    for number in range(PLANTS_MAX):
        hear(heard, number)
    assert hear(heard, 99, keep=keep) == FULL
    assert tuple(entry.plant_id for entry in heard.entries()) == keep


def test_the_book_is_bounded_in_bytes_too() -> None:
    """32 plants with envelopes of 4 kB would not fit a board; old ones go, also when an offer grows."""
    heard = book()
    for number in range(PLANTS_MAX):
        hear(heard, number, now=NOW + number, envelope_size=ENVELOPE_MAX)
    assert sum(entry.size() for entry in heard.entries()) <= BYTES_MAX
    heard = book()
    for number in range(PLANTS_MAX):
        hear(heard, number, now=NOW + number)
    for number in range(PLANTS_MAX):
        hear(heard, number, offer(number, seq=2), now=NOW + 100, envelope_size=ENVELOPE_MAX)
    assert sum(entry.size() for entry in heard.entries()) <= BYTES_MAX


def test_the_order_of_hearing_decides_nothing() -> None:
    """Entries and candidates come by plant id, whatever the dict inside does."""
    for order in permutations((3, 1, 2)):
        heard = book()
        for number in order:
            hear(heard, number)
        ids = [plant_id(1), plant_id(2), plant_id(3)]
        assert [entry.plant_id for entry in heard.entries()] == ids
        assert [entry.plant_id for entry in heard.candidates(NOW, 4)] == ids


def test_candidates_are_plants_whose_window_meets_the_slots() -> None:
    """One slot in common is enough; touching is not."""
    heard = book()
    hear(heard, 1, offer(1, start=NOW + 4 * SLOT_S))
    hear(heard, 2, offer(2, start=NOW - 4 * SLOT_S))
    hear(heard, 3, offer(3, start=NOW + 3 * SLOT_S))
    hear(heard, 4, offer(4, start=NOW - 3 * SLOT_S))
    assert [entry.plant_id for entry in heard.candidates(NOW, 4)] == [plant_id(3), plant_id(4)]


def test_a_decline_says_what_is_left_until_the_next_offer() -> None:
    """It binds the offer it answers, never another, and never raises what the offer said."""
    heard = book()
    first = offer(1, seq=1)
    hear(heard, 1, first)
    entry = entry_of(heard, 1)
    assert heard.declined(plant_id(1), entry.offer_id, 50)
    assert entry.remaining_wh == 50
    assert heard.declined(plant_id(1), entry.offer_id, 1 << 40)
    assert entry.remaining_wh == first.remaining_wh
    assert not heard.declined(plant_id(1), b"\0" * 32, 0)
    assert not heard.declined(plant_id(2), entry.offer_id, 0)
    heard.declined(plant_id(1), entry.offer_id, 0)
    hear(heard, 1, offer(1, seq=2))
    assert entry_of(heard, 1).remaining_wh == 800


def test_a_plant_is_heard_directly_once_and_for_all() -> None:
    """A neighbour's answer does not make a plant less directly heard."""
    heard = book()
    hear(heard, 1, direct=False)
    assert not entry_of(heard, 1).direct
    hear(heard, 1, direct=True)
    hear(heard, 1, direct=False)
    assert entry_of(heard, 1).direct


def test_what_a_neighbour_tells_counts_for_a_day() -> None:
    """Once a teller: the latest word replaces the one before, and after 24 hours it is forgotten."""
    heard = book()
    hear(heard, 1)
    assert heard.told(plant_id(1), b"neighbor", 300_000, NOW)
    assert heard.told(plant_id(1), b"neighbor", 400_000, NOW)
    entry = entry_of(heard, 1)
    judgement = heard.judgement(entry, NOW + DAY_S - 1)
    assert (judgement.ppm, judgement.source) == (400_000, SOURCE_NEIGHBOURS)
    assert entry.told_now(NOW + DAY_S - 1) == [400_000]
    assert heard.judgement(entry, NOW + DAY_S).source == SOURCE_UNCHECKED
    assert entry.told_now(NOW + DAY_S) == []


def test_nobody_vouches_for_its_own_plant() -> None:
    """The plant's operator, ourselves, and words about unknown plants count for nothing."""
    heard = book()
    hear(heard, 1)
    assert not heard.told(plant_id(1), plant_kid(1), 1_000_000, NOW)
    assert not heard.told(plant_id(1), METER, 0, NOW)
    assert not heard.told(plant_id(2), b"neighbor", 0, NOW)


def test_the_earliest_of_too_many_tellers_is_forgotten() -> None:
    """Memory per plant is bounded."""
    heard = book()
    hear(heard, 1)
    for number in range(TELLERS_MAX + 3):
        heard.told(plant_id(1), bytes([number]) * 8, number, NOW + number)
    told = entry_of(heard, 1).told_now(NOW + 20)
    assert sorted(told) == list(range(3, TELLERS_MAX + 3))


def test_chain_facts_join_what_the_plant_reports_itself() -> None:
    """Low is low whoever says so, counted once; older facts do not replace newer ones."""
    heard = book()
    reported = [(NOW - 3 * DAY_S, HOUR_S)]
    hear(heard, 1, offer(1, low=reported))
    entry = entry_of(heard, 1)
    alone = heard.judgement(entry, NOW)
    assert alone.source == SOURCE_UNCHECKED
    assert heard.facts(plant_id(1), 0, reported)
    assert heard.judgement(entry, NOW).source == SOURCE_OWN
    assert heard.judgement(entry, NOW).ppm == alone.ppm
    assert heard.facts(plant_id(1), 11, reported)
    assert heard.facts(plant_id(1), 11, [(NOW - DAY_S, HOUR_S)])
    both = [(NOW - 3 * DAY_S, NOW - 3 * DAY_S + HOUR_S), (NOW - DAY_S, NOW - DAY_S + HOUR_S)]
    service = [(NOW - 30 * DAY_S, NOW)]
    assert heard.judgement(entry, NOW).ppm == score(NOW, service, both, 0) < alone.ppm
    assert not heard.facts(plant_id(1), 10, [])
    assert not heard.facts(plant_id(2), 12, [])
    heard.facts(plant_id(1), 12, [(NOW, 1)] * (LOW_MAX + 1))
    assert len(entry.facts_low) == LOW_MAX


def test_a_failed_delivery_lowers_the_own_score_and_a_good_one_does_not_raise_it() -> None:
    """R = min(score, observed): own experience can only warn."""
    heard = book()
    hear(heard, 1)
    entry = entry_of(heard, 1)
    before = heard.judgement(entry, NOW).own_ppm
    assert heard.observe(plant_id(1), NOW - HOUR_S, 5_000, 5_000)
    assert heard.judgement(entry, NOW).own_ppm == before
    heard.observe(plant_id(1), NOW, 5_000, 1_000)
    assert heard.judgement(entry, NOW).own_ppm < before
    assert not heard.observe(plant_id(2), NOW, 1, 1)


def test_own_observations_are_bounded_in_age_and_number() -> None:
    """30 days, and the latest 100 of them."""
    heard = book()
    hear(heard, 1)
    heard.observe(plant_id(1), NOW - 31 * DAY_S, 1, 1)
    for number in range(DELIVERIES_MAX + 5):
        heard.observe(plant_id(1), NOW - number, 1, 1)
    kept = entry_of(heard, 1).deliveries
    assert len(kept) == DELIVERIES_MAX
    assert kept[0][0] == NOW - DELIVERIES_MAX + 1


def test_service_windows_come_from_the_registration_and_local_time() -> None:
    """Low at local night is no failure where the meter stands."""
    day_only = register(1, service=[(6 * HOUR_S, 18 * HOUR_S)] * 12)
    low = offer(1, low=[(NOW - 8 * HOUR_S, 6 * HOUR_S - 600)])  # 00:00 to 05:50 UTC
    london = Book(METER, SLOT_S, 0)
    beijing = Book(METER, SLOT_S, 8 * HOUR_S)
    for heard in (london, beijing):
        hear(heard, 1, low, registered=day_only)
    clean = book()
    hear(clean, 1, registered=day_only)
    ppm = clean.judgement(entry_of(clean, 1), NOW).ppm
    assert london.judgement(entry_of(london, 1), NOW).ppm == ppm
    assert beijing.judgement(entry_of(beijing, 1), NOW).ppm < ppm


def test_an_answer_holds_the_freshest_open_offers_that_fit_one_message() -> None:
    """At most six plants and one envelope's bytes; offers that are over are not told."""
    heard = book()
    for number in range(1, 9):
        hear(heard, number, now=NOW + number)
    hear(heard, 9, offer(9, start=NOW - 4 * SLOT_S), now=NOW + 9)
    told = heard.to_tell(NOW)
    assert [entry.plant_id for entry in told] == [plant_id(n) for n in range(8, 8 - TELL_MAX, -1)]
    hear(heard, 8, offer(8, seq=2), now=NOW + 20, envelope_size=3_500)
    assert [entry.plant_id for entry in heard.to_tell(NOW)] == [plant_id(8)]
