# SPDX-License-Identifier: Apache-2.0
"""What one simulation leaves behind: the only thing the fleet hands to the report and the screen.

Plain values with the units of `wattpact.units`: energy Wh, price micro-currency per kWh, money nano-currency, CO2 and
coins ug, shares and scores ppm, time Unix seconds UTC, intervals half-open. Names are free text (a user's CSV
columns): whoever shows them escapes them. `Summary` is `summary.json` word for word.
"""

from dataclasses import dataclass, field
from typing import Literal, TypedDict

SellerKind = Literal["plant", "neighbour", "grid", "roof"]
PlantKind = Literal["plant", "neighbour"]
BuyerKind = Literal["home", "prosumer"]
ClaimId = Literal["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9"]

CLAIM_WORDS: tuple[
    tuple[ClaimId, str, str, str], ...
] = (  # what is counted: one, several, and the rest
    ("C1", "meter", "meters", " knew an offer with a reliability score"),
    ("C2", "broadcast offer was", "broadcast offers were", " heard by meters"),
    ("C3", "answer of a neighbour was", "answers of a neighbour were", " used in a choice"),
    ("C4", "choice of a plant was", "choices of a plant were", " made"),
    ("C5", "contract with both signatures was", "contracts with both signatures were", " recorded"),
    ("C6", "signed trade end was", "signed trade ends were", " recorded"),
    ("C7", "award was", "awards were", " received by meters"),
    ("C8", "contract was", "contracts were", " recorded with coins"),
    ("C9", "certificate states", "certificates state", " a contribution"),
)


class Claims(TypedDict):
    """How often each claim of the method was seen at work."""

    C1: int
    C2: int
    C3: int
    C4: int
    C5: int
    C6: int
    C7: int
    C8: int
    C9: int


def claim_lines(claims: Claims) -> list[tuple[ClaimId, int, str]]:
    """(claim, count, what was counted) of each, in order; the words agree with the count."""
    return [
        (name, claims[name], (one if claims[name] == 1 else several) + rest)
        for name, one, several, rest in CLAIM_WORDS
    ]


class EnergySums(TypedDict):
    """Sums over the run, Wh."""

    contracted_wh: int
    delivered_wh: int
    settled_wh: int
    generated_wh: int
    consumed_wh: int
    grid_wh: int


class MoneySums(TypedDict):
    """Sums over the run, nano-currency; `postings_sum_nano` must be 0."""

    postings_sum_nano: int
    paid_nano: int
    saved_vs_grid_nano: int


class CoinSums(TypedDict):
    """Sums over the run, ug; `balance_ug` includes locked coins."""

    issued_ug: int
    spent_ug: int
    expired_ug: int
    balance_ug: int


class Kpi(TypedDict):
    """Shares in ppm.

    Self-sufficiency: part of the consumption that did not come from the grid.
    Self-consumption: part of the generation that the community used.
    """

    self_sufficiency_ppm: int
    self_consumption_ppm: int


class Check(TypedDict):
    """One thing that must always hold, and what was seen."""

    name: str
    ok: bool
    detail: str


class Speed(TypedDict):
    """Work done per CPU second; the only figures that differ between two runs of one seed."""

    meter_slots: int
    cpu_s: float
    meter_slots_per_cpu_s: float


class Summary(TypedDict):
    """`summary.json`. `prosumers` counts nodes with a roof; `app_hash` is lower-case hex."""

    seed: int
    meters: int
    plants: int
    prosumers: int
    days: int
    slots: int
    app_hash: str
    height: int
    transactions: int
    claims: Claims
    coins_spent_with_another_plant: int
    neighbour_contracts: int
    neighbour_wh: int
    energy: EnergySums
    money: MoneySums
    coins: CoinSums
    certificates: int
    kpi: Kpi
    meters_with_contract: int
    deaf_meters: int
    deaf_meters_with_contract: int
    secure_elements: int
    secure_elements_with_contract: int
    secure_element_signatures: int
    checks: list[Check]
    speed: Speed


@dataclass(slots=True)
class SlotEnergy:
    """All homes together in one slot that starts at `time`.

    consumed = self_used + settled_from_plants + settled_from_neighbours + grid, and
    generated (plants and roofs) = self_used + settled (both) + surplus.
    """

    time: int
    consumed_wh: int
    self_used_wh: int
    settled_from_plants_wh: int
    settled_from_neighbours_wh: int
    grid_wh: int
    generated_wh: int
    surplus_wh: int


@dataclass(slots=True)
class Flow:
    """Energy one buyer had from one seller over the whole run; grid and own roof count as sellers."""

    seller: str
    seller_kind: SellerKind
    buyer: str
    buyer_kind: BuyerKind
    energy_wh: int


@dataclass(slots=True)
class PricePoint:
    """`price` holds from `time` until the next point, or until the run ends."""

    time: int
    price: int


@dataclass(slots=True)
class PlantPrices:
    """What one plant (or one prosumer's roof) asked over time, in order of time."""

    plant: str
    kind: PlantKind
    points: list[PricePoint]


@dataclass(slots=True)
class ScorePoint:
    """Reliability as a meter that has every chain fact computes it at `time`."""

    time: int
    score_ppm: int


@dataclass(slots=True)
class Span:
    """[start, end)."""

    start: int
    end: int


@dataclass(slots=True)
class PlantReliability:
    """One plant's score over time, the lows it reported itself, and the shortfalls that the chain shows."""

    plant: str
    kind: PlantKind
    scores: list[ScorePoint]
    self_reported: list[Span] = field(default_factory=list[Span])
    shortfalls: list[Span] = field(default_factory=list[Span])


@dataclass(slots=True)
class PlantChoices:
    """How meters judged one plant, and what came of it.

    `first`: choices in which it came first. `refused`: proposals it declined or left unanswered.
    `passed_over`: reason -> how many choices knew the plant and did not take it for that reason.
    """

    plant: str
    kind: PlantKind
    first: int
    refused: int
    contracts: int
    sold_wh: int
    passed_over: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def asked(self) -> int:
        """Proposals sent to it, as first choice or after others had refused."""
        return self.contracts + self.refused


@dataclass(slots=True)
class Decision:
    """One choice as its meter explains it, a line of text for each thought."""

    time: int
    home: str
    lines: list[str]


@dataclass(slots=True)
class CoinPoint:
    """Running sums up to `time`: issued = spent + expired + balance."""

    time: int
    issued_ug: int
    spent_ug: int
    expired_ug: int
    balance_ug: int


@dataclass(slots=True)
class HomeMoney:
    """One home's bill with the trade, and what the same kWh had cost from the grid alone; nano-currency."""

    home: str
    bill_with_nano: int
    bill_without_nano: int

    @property
    def saved_nano(self) -> int:
        """Positive when the trade was cheaper than the grid alone."""
        return self.bill_without_nano - self.bill_with_nano


@dataclass(slots=True)
class CertificateUser:
    """One user's certificates together; `contribution_ppm` is the rate on the latest of them."""

    user: str
    certificates: int
    reduction_ug: int
    contribution_ppm: int


@dataclass(slots=True)
class Refusal:
    """`rule` of docs/ledger.md refused `count` transactions; `example` is the detail of the first."""

    rule: int
    count: int
    example: str


@dataclass(slots=True)
class Chain:
    """The ledger in counts; `transactions` maps a type's name (OFFER, CONTRACT, ...) to its recorded number."""

    blocks: int
    transactions: dict[str, int] = field(default_factory=dict[str, int])
    refusals: list[Refusal] = field(default_factory=list[Refusal])


@dataclass(slots=True)
class Run:
    """How the run was started. `command` is the argument vector that replays it, `out` the folder with the files."""

    command: list[str]
    out: str
    started: int
    slot_s: int
    utc_offset_s: int
    """Of the community's clocks, fixed; the report shows times by it."""
    currency: str
    parameters: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class Results:
    """Everything that is shown. Lists may be empty: then the report says that there was nothing."""

    run: Run
    summary: Summary
    slots: list[SlotEnergy]
    flows: list[Flow] = field(default_factory=list[Flow])
    prices: list[PlantPrices] = field(default_factory=list[PlantPrices])
    grid_prices: list[PricePoint] = field(default_factory=list[PricePoint])
    reliability: list[PlantReliability] = field(default_factory=list[PlantReliability])
    choices: list[PlantChoices] = field(default_factory=list[PlantChoices])
    decisions: list[Decision] = field(default_factory=list[Decision])
    coins: list[CoinPoint] = field(default_factory=list[CoinPoint])
    money: list[HomeMoney] = field(default_factory=list[HomeMoney])
    reduction_ug: int = 0
    users: list[CertificateUser] = field(default_factory=list[CertificateUser])
    chain: Chain = field(default_factory=lambda: Chain(blocks=0))
