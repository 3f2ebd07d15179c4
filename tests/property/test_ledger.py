# SPDX-License-Identifier: Apache-2.0
"""Whatever members send, in whatever order: money, coins and energy are conserved, and replicas agree."""

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from host.genesis import Terms
from tools.vector_cases.ledger_world import (
    DAY,
    FIRST,
    PRICE,
    SETTLE,
    SLOT,
    VERIFIER,
    World,
    id_of,
    kid_of,
    named,
)
from wattpact.ledger import life
from wattpact.ledger.machine import Ledger
from wattpact.ledger.view import Parsed

LIMIT = 4000 * PRICE  # a meter may owe 4 kWh
METERS = ("ann", "bob", "roof", "sun 2")
PANELS = {"sun": ("south", "west"), "hill": ("ridge",), "roof": ("tiles",)}
STEPS = (1, SLOT, 4 * SLOT, SETTLE, DAY, 8 * DAY, 200 * DAY)

IN_TIME, SETTLED, EXPIRED = range(3)  # when an end or a report comes; anything above: never

moments = st.sampled_from((IN_TIME, IN_TIME, IN_TIME, SETTLED, EXPIRED, 9))
figures = st.lists(st.integers(0, 500), min_size=1, max_size=4)
offers = st.tuples(st.sampled_from(sorted(PANELS)), st.integers(400, 1500), st.integers(0, 9))
purchases = st.tuples(
    st.sampled_from(METERS), st.integers(0, 3), st.integers(0, 1), figures, st.integers(0, 3)
)
reports = st.tuples(
    st.sampled_from(sorted(PANELS)), st.integers(0, 1), st.integers(0, 900), moments
)
ends = st.tuples(st.lists(st.integers(40, 101), min_size=4, max_size=4), st.integers(0, 9), moments)
rounds = st.fixed_dictionaries(
    {
        "offers": st.lists(offers, min_size=1, max_size=4),
        "purchases": st.lists(purchases, min_size=1, max_size=7),
        "reports": st.lists(reports, min_size=2, max_size=6),
        "ends": st.lists(ends, min_size=7, max_size=7),
        "tampered": st.integers(0, 5),
        "again": st.integers(0, 20),
        "revoked": st.sampled_from((None,) * 8 + ("bob", "hill")),
        "rest": st.sampled_from((0, 0, DAY, 40 * DAY)),
    }
)
stories = st.lists(rounds, min_size=2, max_size=6)
SLOTS = 4
LOW = (FIRST - DAY, SLOT)


class Story:
    """Plays rounds: offers, purchases, delivery, settlement, expiry; whoever is late comes in a later part."""

    def __init__(self) -> None:
        self.world = World(Terms(debt_limit_nano=LIMIT, coin_life_s=30 * DAY)).enrol()
        self.world.record(self.world.register("sun 2"))
        self.sent: list[bytes] = []

    def send(self, *stored: bytes, at: int = 0) -> list[int]:
        """A block of these, whatever becomes of them."""
        self.sent += stored
        return self.world.run(*stored, at=at)

    def play(self, drawn: dict[str, Any]) -> None:
        """One round, on four slots of its own or, right after another, partly on the same."""
        world = self.world
        first = world.now - world.now % SLOT + 2 * SLOT
        over = first + SLOTS * SLOT
        offered = [self._offer(first, *each) for each in drawn["offers"]]
        self.send(*[stored for _plant, stored in offered])
        bought = [self._purchase(first, offered, *each) for each in drawn["purchases"]]
        self.send(*[stored for _meter, stored in bought])
        if drawn["revoked"]:
            self.send(world.revoke(drawn["revoked"]))
        self.send(*self.sent[drawn["again"] :][:2], b"noise")
        for part, at in ((IN_TIME, over), (SETTLED, over + SETTLE), (EXPIRED, over + DAY)):
            stored = [
                self._report(first, *each[:3]) for each in drawn["reports"] if each[3] == part
            ]
            for (meter, contract), (percent, invalid, when) in zip(bought, drawn["ends"]):
                if when == part:
                    stored.append(self._end(meter, contract, percent, invalid))
            if stored or part < EXPIRED:
                self.send(*stored, at=at)
            self._award(drawn["tampered"] + part)
        world.run(at=world.now + drawn["rest"])

    def _offer(self, first: int, plant: str, most: int, low: int) -> tuple[str, bytes]:
        wh = (most,) * SLOTS
        return plant, self.world.offer(
            plant, wh, PANELS[plant], start=first, low=[LOW] * (low == 0)
        )

    def _purchase(
        self,
        first: int,
        offered: list[tuple[str, bytes]],
        meter: str,
        which: int,
        skipped: int,
        wh: list[int],
        coins: int,
    ) -> tuple[str, bytes]:
        plant, offer = offered[which % len(offered)]
        lots = self.world.ledger.lots(kid_of(meter))
        picked = [(lot_id, max(1, lot.free_ug // (1 + coins))) for lot_id, lot in lots[:coins]]
        start = first + skipped * SLOT
        total = sum(wh) or 1
        return meter, self.world.contract(
            offer, meter, wh, plant, start=start, total_wh=total, coins=picked
        )

    def _report(self, first: int, plant: str, panel: int, generated: int) -> bytes:
        name = PANELS[plant][panel % len(PANELS[plant])]
        return self.world.generation((generated,) * SLOTS, name, plant, start=first)

    def _end(self, meter: str, contract: bytes, percent: list[int], invalid: int) -> bytes:
        deal = self.world.ledger.contract(id_of(contract))
        bought = deal.terms.wh if deal else [1]
        valid = [index != invalid for index in range(len(bought))]
        delivered = [most * share // 100 * ok for most, share, ok in zip(bought, percent, valid)]
        return self.world.end(contract, meter, delivered, valid)

    def _award(self, tampered: int) -> None:
        ledger = self.world.ledger
        rows = [ledger.derive_award(end) for end in ledger.awardable()[:8]]
        if rows and tampered == 0:
            rows[0] = (*rows[0][:2], rows[0][2] + 1, *rows[0][3:])
        if rows:
            self.send(self.world.award(rows=rows))


def check_money(ledger: Ledger) -> None:
    """Postings sum to zero; nobody owes more than the limit, whatever its open contracts will cost."""
    accounts = dict(ledger.accounts())
    assert sum(account.balance_nano for account in accounts.values()) == 0
    open_nano = dict.fromkeys(accounts, 0)
    for deal in ledger.contracts():
        if deal.closing is None and deal.state != life.EXPIRED:
            open_nano[deal.terms.meter] += deal.terms.price * sum(deal.terms.wh)
    for kid, account in accounts.items():
        assert account.open_nano == open_nano[kid]
        if kid != ledger.genesis.funder:
            assert account.balance_nano - account.open_nano >= -LIMIT


def check_coins(ledger: Ledger) -> None:
    """issued = spent + expired + balance, counted lot by lot and lock by lock."""
    totals = ledger.totals()
    locked = sum(
        ug
        for deal in ledger.contracts()
        if deal.closing is None and deal.state != life.EXPIRED and not deal.progress.late
        for _lot, ug in deal.terms.coins
    )
    free = sum(lot.free_ug for meter in METERS for _id, lot in ledger.lots(kid_of(meter)))
    assert totals.locked_ug == locked
    assert totals.issued_ug == totals.spent_ug + totals.expired_ug + free + locked
    assert totals.issued_ug == sum(row[2] for row in ledger.awards())
    burned = [deal.closing.burned_ug for deal in ledger.contracts() if deal.closing]
    assert totals.spent_ug == sum(burned)


def check_energy(ledger: Ledger) -> None:
    """Per panel and slot: sold and settled once, and never more than offered, generated or delivered."""
    contracted: dict[tuple[bytes, int], int] = {}
    settled: dict[tuple[bytes, int], int] = {}
    busy: set[tuple[bytes, int]] = set()
    for deal in ledger.contracts():
        terms, progress = deal.terms, deal.progress
        for index, bought in enumerate(terms.wh):
            slot = terms.start + index * SLOT
            assert (terms.meter, slot) not in busy
            busy.add((terms.meter, slot))
            key = (terms.panel_id, slot)
            contracted[key] = contracted.get(key, 0) + bought
            given = progress.settled[index] if index < len(progress.settled) else 0
            assert given <= bought
            assert given <= (progress.delivered[index] if progress.delivered else 0)
            settled[key] = settled.get(key, 0) + given
    for panel, slot, book in ledger.panel_slots():
        assert book.contracted == contracted.pop((panel, slot), 0)
        assert book.settled == settled.pop((panel, slot), 0)
        assert book.settled <= max(0, book.generated)
    assert not contracted
    assert not settled


def check_certificates(ledger: Ledger) -> None:
    """Ranges of a panel never overlap, and the greatest network sum is the sum of all."""
    ranges: dict[bytes, list[tuple[int, int]]] = {}
    reductions: list[int] = []
    for deal in ledger.contracts():
        if deal.closing and deal.closing.award:
            first = deal.closing.range_start
            ranges.setdefault(deal.terms.panel_id, []).append((first, first + deal.closing.wh))
            reductions.append(deal.closing.reduction_ug)
    for each in ranges.values():
        each.sort()
        assert all(a[1] == b[0] for a, b in pairwise(each))
        assert each[0][0] == 0
    assert sum(reductions) == ledger.totals().reduction_ug


@given(stories)
@settings(max_examples=60)
def test_money_coins_and_energy_are_conserved_and_nothing_settles_twice(
    story: list[dict[str, Any]],
) -> None:
    """After any sequence of valid and invalid transactions; replicas agree block by block, and from rows."""
    told = Story()
    ledger = told.world.ledger
    for each in story:
        told.play(each)
        for check in (check_money, check_coins, check_energy, check_certificates):
            check(ledger)
    closed = {deal.id: deal.closing.__dict__ for deal in ledger.contracts() if deal.closing}
    for wait_s in (DAY, 300 * DAY):
        told.world.run(at=told.world.now + wait_s)
    for check in (check_money, check_coins, check_energy, check_certificates):
        check(ledger)
    assert ledger.totals().locked_ug == 0
    for deal in ledger.contracts():
        if deal.id in closed:
            assert deal.closing is not None
            assert deal.closing.__dict__ == closed[deal.id]
    replica = Ledger(told.world.genesis, VERIFIER, Parsed())
    for expected, stored in told.world.blocks:
        done = replica.finalize(expected.height, expected.time, stored)
        assert (done.codes, done.app_hash, done.root) == (
            expected.codes,
            expected.app_hash,
            expected.root,
        )
        replica.commit()
    back = Ledger(told.world.genesis, VERIFIER)
    back.restore(replica.rows(), replica.height, replica.time, replica.app_hash, [])
    assert list(back.rows()) == list(ledger.rows())
    assert back.due_at() == ledger.due_at()


NAMES = ("ann", "bob", "roof", "sun 2")


@given(
    st.permutations(NAMES),
    st.permutations(range(5)),
    st.lists(st.integers(0, 250), min_size=4, max_size=4),
    st.integers(0, 1000),
)
@settings(max_examples=40)
def test_order_matters_only_where_the_page_says_so(
    order: list[str], arrival: list[int], delivered: list[int], generated: int
) -> None:
    """With enough energy contracts are recorded in any order; ends and reports in time may come in any, too."""
    outcomes: list[Any] = []
    for arriving in (list(range(5)), arrival):
        world = World().enrol()
        world.record(world.register("sun 2"))
        offer = world.offer()
        world.record(offer)
        contracts = [world.contract(offer, name, (250,)) for name in order]
        assert world.run(*contracts) == [0] * 4
        assert world.ledger.panel_slot(named("south"), FIRST).contracted == 1000
        messages = [world.generation((generated,))]
        messages += [
            world.end(each, name, [delivered[NAMES.index(name)]])
            for each, name in zip(contracts, order)
        ]
        world.record(*[messages[index] for index in arriving], at=FIRST + SLOT)
        world.settle(FIRST, 1)
        deals = [world.ledger.contract(id_of(each)) for each in contracts]
        outcomes.append([deal.progress.settled for deal in deals if deal])
    assert outcomes[0] == outcomes[1]
    left = generated
    for name, given_wh in zip(order, outcomes[0]):
        assert given_wh == [min(delivered[NAMES.index(name)], left)]
        left -= given_wh[0]
