# SPDX-License-Identifier: Apache-2.0
"""From a finished fleet to `Results`: the summary for a program, the series for the report. Nothing is decided here."""

from collections import Counter, defaultdict

from wattpact.units import PPM

from .books import Books, energy
from .community import AnyFleet, energy_of
from .recorder import Recorder
from .results import (
    CertificateUser,
    Chain,
    Check,
    Claims,
    Flow,
    HomeMoney,
    Kpi,
    PlantChoices,
    PlantKind,
    PlantPrices,
    PlantReliability,
    PricePoint,
    Refusal,
    Results,
    Run,
    SellerKind,
    SlotEnergy,
    Span,
    Speed,
    Summary,
)
from .world.profiles import SLOT_S


class Outcome:
    """Reads one fleet, its books and what was recorded on the way."""

    def __init__(self, fleet: AnyFleet, books: Books, recorder: Recorder, run: Run) -> None:
        self.fleet = fleet
        self.books = books
        self.recorder = recorder
        self.run = run
        self.ledger = fleet.ledger
        self._homes = {board.kid: board for board in fleet.homes}
        self._plants = {board.kid: board for board in fleet.plants}
        self._awards = list(self.ledger.awards())
        self._ends = {board.kid: board.end() for board in fleet.homes}

    def results(self, checks: list[Check], speed: Speed) -> Results:
        """Everything that is shown."""
        slots = energy(self.fleet, self.books)
        return Results(
            run=self.run,
            summary=self._summary(slots, checks, speed),
            slots=slots,
            flows=self._flows(),
            prices=self._prices(),
            grid_prices=self._grid_prices(),
            reliability=self._reliability(),
            choices=self._choices(),
            decisions=self.fleet.choices.decisions,
            coins=self.recorder.coins,
            money=self._money(),
            reduction_ug=self.ledger.totals().reduction_ug,
            users=self._users(),
            chain=self._chain(),
        )

    def _summary(self, slots: list[SlotEnergy], checks: list[Check], speed: Speed) -> Summary:
        fleet, books, totals = self.fleet, self.books, self.ledger.totals()
        consumed = sum(row.consumed_wh for row in slots)
        generated = sum(row.generated_wh for row in slots)
        self_used = sum(row.self_used_wh for row in slots)
        closings = [deal.closing for deal in books.deals if deal.closing]
        paid = sum(closing.amount_nano - closing.discount_nano for closing in closings)
        deaf = [board for board in fleet.homes if board.site.deaf]
        chips = {
            board.kid: self._ends[board.kid] for board in fleet.homes if board.site.secure_element
        }
        buyers = {deal.terms.meter for deal in books.deals}
        settled_used = self_used + books.settled_wh
        return Summary(
            seed=fleet.settings.seed,
            meters=len(fleet.homes),
            plants=len(fleet.plants),
            prosumers=sum(1 for board in fleet.homes if board.site.roof),
            days=fleet.settings.days,
            slots=fleet.scenario.slots,
            app_hash=self.ledger.app_hash.hex(),
            height=self.ledger.height,
            transactions=self.ledger.tree.size,
            claims=self._claims(),
            coins_spent_with_another_plant=self._spent_elsewhere(),
            neighbour_contracts=sum(1 for deal in books.deals if deal.terms.plant in self._homes),
            neighbour_wh=sum(books.by_neighbours.values()),
            energy={
                "contracted_wh": books.contracted_wh,
                "delivered_wh": books.delivered_wh,
                "settled_wh": books.settled_wh,
                "generated_wh": generated,
                "consumed_wh": consumed,
                "grid_wh": sum(row.grid_wh for row in slots),
            },
            money={
                "postings_sum_nano": sum(a.balance_nano for _kid, a in self.ledger.accounts()),
                "paid_nano": paid,
                "saved_vs_grid_nano": books.grid_worth_nano - paid,
            },
            coins={
                "issued_ug": totals.issued_ug,
                "spent_ug": totals.spent_ug,
                "expired_ug": totals.expired_ug,
                "balance_ug": totals.issued_ug - totals.spent_ug - totals.expired_ug,
            },
            certificates=len(self._awards),
            kpi=Kpi(
                self_sufficiency_ppm=_ppm(settled_used, consumed),
                self_consumption_ppm=_ppm(settled_used, generated),
            ),
            meters_with_contract=len(buyers),
            deaf_meters=len(deaf),
            deaf_meters_with_contract=sum(1 for board in deaf if board.kid in buyers),
            secure_elements=len(chips),
            secure_elements_with_contract=len(chips.keys() & buyers),
            secure_element_signatures=sum(end.signatures for end in chips.values()),
            checks=checks,
            speed=speed,
        )

    def _claims(self) -> Claims:
        ends = list(self._ends.values())
        return Claims(
            C1=sum(1 for end in ends if end.scored),
            C2=sum(end.offers for end in ends),
            C3=sum(end.tells for end in ends),
            C4=sum(end.choices for end in ends),
            C5=len(self.books.deals),
            C6=self.recorder.transactions["TradeEnd"],
            C7=sum(end.awards for end in ends),
            C8=sum(1 for deal in self.books.deals if deal.terms.coins),
            C9=len(self._awards),
        )

    def _spent_elsewhere(self) -> int:
        """Contracts that burned a coin earned with another plant (C8)."""
        plant_of = {deal.progress.end_id: deal.terms.plant for deal in self.books.deals}
        return sum(
            1
            for deal in self.books.deals
            if deal.closing
            and deal.closing.burned_ug
            and any(plant_of[lot] != deal.terms.plant for lot, _ug in deal.terms.coins)
        )

    def _flows(self) -> list[Flow]:
        flows: list[Flow] = []
        bought: Counter[bytes] = Counter()
        for (plant, meter), wh in sorted(self.books.pairs.items()):
            bought[meter] += wh
            if wh:
                seller = self._plants.get(plant) or self._homes[plant]
                kind = "plant" if plant in self._plants else "neighbour"
                flows.append(self._flow(seller.name, kind, meter, wh))
        for board in self.fleet.homes:
            homes = [energy_of(board, index) for index in range(self.fleet.scenario.slots)]
            own = sum(home.self_used_wh for home in homes)
            grid = sum(home.imported_wh for home in homes) - bought[board.kid]
            if own:
                flows.append(self._flow(board.name, "roof", board.kid, own))
            if grid:
                flows.append(self._flow("grid", "grid", board.kid, grid))
        return flows

    def _flow(self, seller: str, kind: SellerKind, meter: bytes, wh: int) -> Flow:
        buyer = self._homes[meter]
        return Flow(seller, kind, buyer.name, "prosumer" if buyer.site.roof else "home", wh)

    def _sellers(self) -> list[tuple[bytes, str, PlantKind]]:
        """(plant id, name, kind) of plants, then roofs."""
        sellers: list[tuple[bytes, str, PlantKind]] = [
            (board.site.plant_id, board.name, "plant") for board in self.fleet.plants
        ]
        for board in self.fleet.homes:
            if board.site.roof:
                sellers.append((board.site.roof.plant_id, board.name, "neighbour"))
        return sellers

    def _prices(self) -> list[PlantPrices]:
        asked = self.recorder.prices
        return [
            PlantPrices(name, kind, asked[plant_id])
            for plant_id, name, kind in self._sellers()
            if plant_id in asked
        ]

    def _grid_prices(self) -> list[PricePoint]:
        points: list[PricePoint] = []
        for index in range(self.fleet.scenario.slots):
            time = self.fleet.scenario.start + index * SLOT_S
            price = self.ledger.genesis.grid_price(time)
            if not points or points[-1].price != price:
                points.append(PricePoint(time, price))
        return points

    def _reliability(self) -> list[PlantReliability]:
        rows: list[PlantReliability] = []
        since = self.fleet.founding.registered_at
        for plant_id, name, kind in self._sellers():
            reported = self.recorder.reported(plant_id)
            short = [
                Span(start, start + length)
                for start, length in self.ledger.shortfalls(plant_id, since)
            ]
            scores = self.recorder.scores.get(plant_id, [])
            rows.append(PlantReliability(name, kind, scores, reported, short))
        return rows

    def _choices(self) -> list[PlantChoices]:
        notes = self.fleet.notes
        rows: list[PlantChoices] = []
        kids = {board.site.plant_id: board.kid for board in self.fleet.plants}
        for board in self.fleet.homes:
            if board.site.roof:
                kids[board.site.roof.plant_id] = board.kid
        contracts = Counter(deal.terms.plant for deal in self.books.deals)
        sold: Counter[bytes] = Counter()
        for (plant, _meter), wh in self.books.pairs.items():
            sold[plant] += wh
        for plant_id, name, kind in self._sellers():
            refused = sum(
                notes.get("%s: %s" % (word, plant_id.hex()), 0) for word in ("declined", "silent")
            )
            passed = dict(
                sorted(self.fleet.choices.passed_over.get(plant_id, Counter[str]()).items())
            )
            kid = kids[plant_id]
            rows.append(
                PlantChoices(
                    plant=name,
                    kind=kind,
                    first=self.fleet.choices.chosen[plant_id],
                    refused=refused,
                    contracts=contracts[kid],
                    sold_wh=sold[kid],
                    passed_over=passed,
                )
            )
        return rows

    def _money(self) -> list[HomeMoney]:
        paid: Counter[bytes] = Counter()
        for deal in self.books.deals:
            if deal.closing:
                paid[deal.terms.meter] += deal.closing.amount_nano - deal.closing.discount_nano
        genesis, scenario = self.ledger.genesis, self.fleet.scenario
        rows: list[HomeMoney] = []
        for board in self.fleet.homes:
            without = sum(
                energy_of(board, index).imported_wh
                * genesis.grid_price(scenario.start + index * SLOT_S)
                for index in range(scenario.slots)
            )
            bill = without - self.books.worth_home[board.kid] + paid[board.kid]
            rows.append(HomeMoney(board.name, bill, without))
        return rows

    def _users(self) -> list[CertificateUser]:
        """Each user's certificates together; the rate is the latest certificate's."""
        by_meter: defaultdict[bytes, list[tuple[int, int, int]]] = defaultdict(list)
        for _end_id, meter, _ug, _expires, certificate in self._awards:
            row = (certificate[8], certificate[6], certificate[10])
            by_meter[meter].append(row)
        users: list[CertificateUser] = []
        for board in self.fleet.homes:
            rows = by_meter.get(board.kid)
            if rows:
                reduction = sum(row[1] for row in rows)
                users.append(CertificateUser(board.name, len(rows), reduction, max(rows)[2]))
        return users

    def _chain(self) -> Chain:
        words = {"TradeEnd": "TRADE_END"}
        counted = sorted(self.recorder.transactions.items())
        return Chain(
            blocks=self.recorder.blocks,
            transactions={words.get(name, name.upper()): count for name, count in counted},
            refusals=[Refusal(rule, n, "") for rule, n in sorted(self.recorder.refusals.items())],
        )


def _ppm(part: int, whole: int) -> int:
    return part * PPM // whole if whole else 0
