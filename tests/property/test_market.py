# SPDX-License-Identifier: Apache-2.0
"""What holds for every history and every set of offers, each beside a slow and obvious way to compute the same."""

from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.market import given as given_plants
from wattpact.market.book import Book
from wattpact.market.choice import CHOSEN, Candidate, Demand, choose, expected_cost
from wattpact.market.need import DayMean
from wattpact.market.preferences import Preferences
from wattpact.market.reliability import WEIGHTS, judge, observed, score, service_intervals

DAY_S = 86400
GRID_S = 300  # the padding, so that a grid of this step is exact
NOW = 1_780_300_800
PPM = 1_000_000

Intervals = list[tuple[int, int]]


def interval(steps_most: int = 400) -> st.SearchStrategy[tuple[int, int]]:
    """On the grid, from before the window to after now."""
    pairs = st.tuples(st.integers(-20, 33 * 288), st.integers(1, steps_most))
    return pairs.map(lambda pair: (NOW - pair[0] * GRID_S, NOW - (pair[0] - pair[1]) * GRID_S))


lows = st.lists(interval(), max_size=12)
services = st.lists(interval(4000), max_size=6)
first_seens = st.integers(-20, 40 * 288).map(lambda back: NOW - back * GRID_S)
scores = st.integers(0, PPM)
deliveries = st.lists(
    st.tuples(
        st.integers(-DAY_S, 33 * DAY_S).map(lambda age: NOW - age),
        st.integers(0, 50_000),
        st.integers(0, 60_000),
    ),
    max_size=12,
)


def grid_score(service: Intervals, low: Intervals, first_seen: int) -> int:
    """The definition, cell by cell of 5 minutes."""

    def cells(intervals: Intervals, pad_s: int) -> set[int]:
        found: set[int] = set()
        for start, end in intervals:
            found.update(range((start - pad_s) // GRID_S, (end + pad_s) // GRID_S))
        return found

    last = NOW // GRID_S
    window = range(max(last - 30 * 288, first_seen // GRID_S), last)
    served = cells(service, 0).intersection(window)
    missed = served & cells(low, GRID_S)

    def weighted(found: set[int]) -> int:
        return sum(WEIGHTS[(last - cell - 1) // 288] * GRID_S for cell in found)

    prior = 2 * DAY_S * 1000
    good = weighted(served) - weighted(missed)
    return (good * PPM + 500_000 * prior) // (weighted(served) + prior)


@given(services, lows, first_seens)
def test_a_score_is_what_counting_five_minute_cells_gives(
    service: Intervals, low: Intervals, first_seen: int
) -> None:
    """Merging, padding, masking, clipping and weighing agree with the definition, and stay within 0 and 10^6."""
    ppm = score(NOW, service, low, first_seen)
    assert ppm == grid_score(service, low, first_seen)
    assert 0 <= ppm <= PPM


@given(services, lows, interval(), first_seens)
def test_another_low_interval_never_raises_a_score(
    service: Intervals, low: Intervals, more: tuple[int, int], first_seen: int
) -> None:
    """Reporting a failure never pays."""
    assert score(NOW, service, [*low, more], first_seen) <= score(NOW, service, low, first_seen)


@given(services, lows, st.data())
def test_order_and_repetition_change_nothing(
    service: Intervals, low: Intervals, dice: st.DataObject
) -> None:
    """A list is a set of times."""
    shuffled = dice.draw(st.permutations(low + low[:3]))
    served = dice.draw(st.permutations(service + service[:3]))
    assert score(NOW, served, shuffled, 0) == score(NOW, service, low, 0)


@given(services, lows, interval(), st.data())
def test_splitting_an_interval_changes_nothing(
    service: Intervals, low: Intervals, whole: tuple[int, int], dice: st.DataObject
) -> None:
    """Reporting one gap as two is neither reward nor penalty."""
    start, end = whole
    cut = dice.draw(st.integers(start + 1, end - 1))
    split = [*low, (start, cut), (cut, end)]
    assert score(NOW, service, split, 0) == score(NOW, service, [*low, whole], 0)


@given(
    st.integers(0, DAY_S // 2),
    st.integers(DAY_S // 2, DAY_S),
    st.integers(GRID_S, 20 * DAY_S),
    st.integers(1, 3 * DAY_S),
    st.integers(1, 10),
)
def test_an_older_failure_never_hurts_more(
    from_s: int, to_s: int, age_s: int, length_s: int, days: int
) -> None:
    """The same gap some days earlier, at the same time of day, costs at most as much."""
    service = service_intervals([(from_s, to_s)] * 12, 0, NOW - 31 * DAY_S, NOW)
    newer = (NOW - age_s - length_s, NOW - age_s)
    older = (newer[0] - days * DAY_S, newer[1] - days * DAY_S)
    assert score(NOW, service, [older], 0) >= score(NOW, service, [newer], 0)


@given(
    st.lists(
        st.tuples(st.integers(0, DAY_S), st.integers(0, DAY_S)).map(lambda w: (min(w), max(w))),
        min_size=12,
        max_size=12,
    ),
    st.integers(0, DAY_S - 1),
    st.integers(0, 4 * 365 * DAY_S),
    st.integers(0, 40 * DAY_S),
)
def test_service_time_is_what_the_calendar_says(
    windows: Intervals, utc_offset_s: int, start: int, length_s: int
) -> None:
    """Whether a moment is service time follows from the local date alone."""
    start += NOW
    found = service_intervals(windows, utc_offset_s, start, start + length_s)
    assert all(begin < end for begin, end in found)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(found))
    for moment in range(start, start + length_s, 7 * 3600 + 11):
        local = datetime.fromtimestamp(moment + utc_offset_s, UTC)
        second = local.hour * 3600 + local.minute * 60 + local.second
        from_s, to_s = windows[local.month - 1]
        served = any(begin <= moment < end for begin, end in found)
        assert served == (from_s <= second < to_s)


def counted(history: list[tuple[int, int, int]], prior_ppm: int) -> int:
    """What is observed, by the definition in fractions."""
    supplied = Fraction(prior_ppm, PPM) * 20_000 * 1000
    contracted = Fraction(20_000 * 1000)
    for end, wanted, got in history:
        if end <= NOW and (NOW - end) // DAY_S < 30:
            weight = WEIGHTS[(NOW - end) // DAY_S]
            supplied += weight * min(wanted, got)
            contracted += weight * wanted
    return int(supplied * PPM / contracted)


@given(deliveries, scores, st.data())
def test_what_is_observed_is_the_weighted_share_of_energy(
    history: list[tuple[int, int, int]], prior_ppm: int, dice: st.DataObject
) -> None:
    """In any order, within 0 and 10^6, and the prior where nothing was observed."""
    ppm = observed(NOW, history, prior_ppm)
    assert ppm == counted(history, prior_ppm)
    assert 0 <= ppm <= PPM
    assert observed(NOW, dice.draw(st.permutations(history)), prior_ppm) == ppm
    assert observed(NOW, [], prior_ppm) == prior_ppm


@given(deliveries, scores, st.integers(0, 11), st.integers(1, 1000))
def test_a_plant_that_supplied_less_is_never_observed_to_be_better(
    history: list[tuple[int, int, int]], prior_ppm: int, place: int, less: int
) -> None:
    """Nor is one whose score was lower to begin with."""
    worse = list(history)
    if worse:
        end, wanted, got = worse[place % len(worse)]
        worse[place % len(worse)] = (end, wanted, max(0, got - less))
    assert observed(NOW, worse, prior_ppm) <= observed(NOW, history, prior_ppm)
    assert observed(NOW, history, max(0, prior_ppm - less)) <= observed(NOW, history, prior_ppm)


@given(deliveries, scores, st.integers(0, 20 * DAY_S), st.integers(1, 12), st.integers(1, 50_000))
def test_an_older_total_failure_is_never_observed_to_be_worse(
    history: list[tuple[int, int, int]], prior_ppm: int, age_s: int, days: int, wh: int
) -> None:
    """What was not supplied at all fades."""
    newer = [*history, (NOW - age_s, wh, 0)]
    older = [*history, (NOW - age_s - days * DAY_S, wh, 0)]
    assert observed(NOW, older, prior_ppm) >= observed(NOW, newer, prior_ppm)


@given(scores, st.booleans(), st.lists(scores, max_size=8), st.lists(scores, max_size=8))
def test_neighbours_never_raise_a_score_and_a_minority_cannot_ruin_it(
    own_ppm: int, has_facts: bool, honest: list[int], liars: list[int]
) -> None:
    """With more honest neighbours than liars the score is at least the lowest honest word or our own."""
    ppm = judge(own_ppm, has_facts, honest + liars).ppm
    assert 0 <= ppm <= own_ppm
    if len(liars) < len(honest):
        assert ppm >= min(own_ppm, *honest)


numbers = st.integers(0, 9)
prices = st.integers(1, 500_000)
energies = st.lists(st.integers(0, 300), min_size=4, max_size=4)


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    """Plants with different ids; figures small enough to tie often."""
    found: list[Candidate] = []
    for number in draw(st.lists(numbers, unique=True, max_size=8)):
        own_ppm = draw(st.sampled_from([0, 500_000, 900_000, PPM]))
        found.append(
            Candidate(
                bytes([number]) * 8,
                bytes([number + 100]) * 8,
                bytes([number]) * 32,
                draw(st.sampled_from([100_000, 200_000, 250_000]) | prices),
                [
                    (bytes([number, panel]) * 4, draw(energies))
                    for panel in range(draw(numbers) % 3)
                ],
                1000,
                draw(st.integers(0, 1000)),
                judge(own_ppm, has_facts=True, told=draw(st.lists(scores, max_size=2))),
                draw(st.booleans()) and draw(st.booleans()),
            )
        )
    return found


@st.composite
def wishes(draw: st.DrawFn) -> Preferences:
    """A user with some opinions."""
    ids = [bytes([number]) * 8 for number in range(10)]
    favoured = draw(st.sets(st.sampled_from(ids), max_size=3))
    blocked = draw(st.sets(st.sampled_from(ids), max_size=2)) - favoured
    return Preferences(
        favoured=favoured,
        blocked=blocked,
        score_min_ppm=draw(st.sampled_from([0, 400_000])),
        cover_min_ppm=draw(st.sampled_from([0, 250_000, PPM])),
        favour_ppm=draw(st.sampled_from([0, 100_000, 500_000])),
    )


demands = st.builds(
    Demand,
    st.binary(min_size=8, max_size=8),
    st.just(NOW),
    st.just(900),
    energies,
    st.lists(prices, min_size=4, max_size=4),
    st.integers(0, 200_000),
)


@given(candidates(), demands, wishes(), st.data())
def test_another_offer_never_changes_the_order_of_the_others(
    heard: list[Candidate], demand: Demand, preferences: Preferences, dice: st.DataObject
) -> None:
    """Independence of irrelevant alternatives: decoys are no use. Nor does the order of hearing matter."""
    whole = choose(heard, demand, preferences)
    shuffled = choose(dice.draw(st.permutations(heard)), demand, preferences)
    told = [(o.plant_id, o.panel_id, o.start, o.wh, o.cost, o.verdict) for o in whole.options]
    assert [
        (o.plant_id, o.panel_id, o.start, o.wh, o.cost, o.verdict) for o in shuffled.options
    ] == told
    for decoy in heard:
        rest = [plant for plant in heard if plant is not decoy]
        alone = choose(rest, demand, preferences)
        assert [o.plant_id for o in alone.ranking] == [
            o.plant_id for o in whole.ranking if o.plant_id != decoy.plant_id
        ]


@given(candidates(), demands, wishes())
def test_whatever_is_ranked_beats_the_grid_and_can_be_supplied(
    heard: list[Candidate], demand: Demand, preferences: Preferences
) -> None:
    """Expected cost below the grid's price by exact fractions; Wh within need, offer and what is left."""
    choice = choose(heard, demand, preferences)
    assert (choice.outcome == CHOSEN) == bool(choice.ranking)
    assert len(choice.options) == len(heard)
    by_id = {plant.plant_id: plant for plant in heard}
    for option in choice.ranking:
        plant = by_id[option.plant_id]
        share = Fraction(plant.judgement.ppm, PPM)
        cost = share * plant.price + (1 - share) * (choice.grid_price + demand.hurdle)
        assert cost < choice.grid_price
        assert option.cost == cost * PPM
        offered = dict(plant.panels)[option.panel_id]
        first = (option.start - demand.start) // demand.slot_s
        for place, wh in enumerate(option.wh, first):
            assert wh <= min(demand.need[place], offered[place])
        assert option.wh[0] > 0
        assert option.wh[-1] > 0
        assert 0 < option.total_wh == sum(option.wh) <= plant.remaining_wh
        assert option.total_wh * PPM >= preferences.cover_min_ppm * demand.total_wh


@given(prices, scores, scores, prices, st.integers(0, 200_000))
def test_a_better_score_never_costs_more_below_the_grid(
    price: int, first: int, second: int, grid_price: int, hurdle: int
) -> None:
    """For a plant cheaper than grid and hurdle, reliability pays."""
    low, high = sorted((first, second))
    if price <= grid_price + hurdle:
        assert expected_cost(price, high, grid_price, hurdle) <= expected_cost(
            price, low, grid_price, hurdle
        )


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3), st.integers(0, 9999)), max_size=60),
    st.integers(0, 24),
    st.integers(0, 3),
)
def test_the_need_is_the_mean_of_a_history_kept_whole(
    readings: list[tuple[int, int, int]], day: int, index: int
) -> None:
    """Seven values a slot give what an unbounded record would, but for values already 7 days older than the newest."""
    slot_s = DAY_S // 4
    need = DayMean([7, 7, 7, 7], slot_s, 0)
    kept: dict[tuple[int, int], int] = {}
    for on, place, wh in readings:
        need.record((20_000 + on) * DAY_S + place * slot_s, wh)
        kept[on, place] = wh
    newest = max([on for on, place in kept if place == index], default=0)
    past = [kept[on, index] for on in range(max(day - 7, newest - 6), day) if (on, index) in kept]
    wanted = sum(past) // len(past) if past else 7
    assert need.expected((20_000 + day) * DAY_S + index * slot_s) == wanted


@given(
    st.lists(st.tuples(st.integers(0, 30 * DAY_S), st.integers(1, DAY_S)), max_size=5),
    st.lists(st.tuples(st.integers(0, 30 * DAY_S), st.integers(1, DAY_S)), max_size=5),
    st.lists(st.tuples(st.integers(0, 12), scores, st.integers(0, 2 * DAY_S)), max_size=12),
    deliveries,
)
def test_nothing_anybody_says_makes_a_plant_better_than_its_own_reports(
    reported: list[tuple[int, int]],
    from_chain: list[tuple[int, int]],
    words: list[tuple[int, int, int]],
    history: list[tuple[int, int, int]],
) -> None:
    """Chain facts, neighbours and own experience can only lower the score that a plant's own broadcasts give."""
    heard = Book(given_plants.METER, 900, 0)
    low = sorted((NOW - ago, length_s) for ago, length_s in reported)
    given_plants.hear(heard, 1, given_plants.offer(1, low=low))
    (entry,) = heard.entries()
    ppm = heard.judgement(entry, NOW).ppm
    heard.facts(entry.plant_id, 1, [(NOW - ago, length_s) for ago, length_s in from_chain])
    for teller, told_ppm, ago in words:
        heard.told(entry.plant_id, bytes([teller]) * 8, told_ppm, NOW - ago)
    for end, wanted, got in history:
        heard.observe(entry.plant_id, end, wanted, got)
    judgement = heard.judgement(entry, NOW)
    assert judgement.ppm <= judgement.own_ppm <= ppm
