# SPDX-License-Identifier: Apache-2.0
"""A plausible run out of a few formulas and a seed, as large as a test wants it; no node runs."""

import math
import random  # from a fixed seed: the sample is the same on every run

from sim.results import (
    CertificateUser,
    Chain,
    Check,
    Claims,
    CoinPoint,
    Decision,
    Flow,
    HomeMoney,
    PlantChoices,
    PlantKind,
    PlantPrices,
    PlantReliability,
    PricePoint,
    Refusal,
    Results,
    Run,
    ScorePoint,
    SellerKind,
    SlotEnergy,
    Span,
    Summary,
)

START = 1_750_464_000  # 21 June 2025, 00:00 UTC
SLOT_S = 900
DAY_S = 86_400
CHECKS = (
    ("energy balance per slot", "192 slots, largest difference 0 Wh"),
    ("no kWh sold twice", "3 120 panel slots, none above its generation"),
    ("no import settled twice", "60 registers, no range overlaps"),
    ("postings sum to zero", "sum 0 nano over 4 412 postings"),
    ("coins add up", "issued = spent + expired + balance at every height"),
    ("one award per trade end", "1 103 trade ends, 1 103 awards"),
    ("certificates re-derivable", "1 103 certificates derived again from the chain"),
    ("replay gives the same app hash", "412 blocks"),
    ("witnesses agree", "2 witnesses, 412 checkpoints"),
)


def sample(
    meters: int = 60, plants: int = 5, roofs: int = 18, days: int = 2, failed: int = 0
) -> Results:
    """A run with trades; `failed` of its checks are red."""
    dice = random.Random(7)
    names = [f"P{index + 1}" for index in range(plants)]
    sellers = [f"H{index * 3 + 1}" for index in range(roofs)]
    slots = [_slot(dice, index, meters, plants, roofs) for index in range(days * 96)]
    return Results(
        run=_run(meters, plants, roofs, days),
        summary=_summary(slots, meters, plants, roofs, days, failed),
        slots=slots,
        flows=_flows(dice, slots, meters, names, sellers),
        prices=_prices(dice, days, names, sellers),
        grid_prices=[
            PricePoint(START + day * DAY_S + hour * 3_600, micro)
            for day in range(days)
            for hour, micro in ((0, 262_000), (6, 318_000), (17, 364_000), (21, 318_000))
        ],
        reliability=_reliability(dice, days, names, sellers),
        choices=_choices(dice, names, sellers),
        decisions=_decisions(days),
        coins=_coins(dice, days),
        money=_money(dice, meters, days),
        reduction_ug=168_400_000_000 * days,
        users=[
            CertificateUser(
                f"user {n}",
                4 * days + n % 7,
                dice.randrange(10**9, 9 * 10**9) * days,
                dice.randrange(4_000, 40_000),
            )
            for n in range(meters)
        ],
        chain=Chain(
            blocks=206 * days,
            transactions={
                "REGISTER": meters + plants,
                "OFFER": 4_120 * days,
                "CONTRACT": 560 * days,
                "GENERATION": 2_208 * days,
                "TRADE_END": 551 * days,
                "AWARD": 551 * days,
            },
            refusals=[
                Refusal(
                    47, 31, "panel P2-1, slot 2025-06-21 10:00: 1 210 Wh offered, 1 190 Wh sold"
                ),
                Refusal(16, 88, "recorded at height 112"),
                Refusal(45, 3, "first slot has begun"),
            ],
        ),
    )


def nothing() -> Results:
    """One meter that never traded with anybody."""
    results = sample(meters=1, plants=0, roofs=0, days=1)
    for slot in results.slots:
        slot.grid_wh = slot.consumed_wh
        slot.settled_from_plants_wh = slot.settled_from_neighbours_wh = slot.self_used_wh = 0
        slot.generated_wh = slot.surplus_wh = 0
    used = sum(slot.consumed_wh for slot in results.slots)
    summary = results.summary
    summary["claims"] = {
        "C1": 0,
        "C2": 0,
        "C3": 0,
        "C4": 0,
        "C5": 0,
        "C6": 0,
        "C7": 0,
        "C8": 0,
        "C9": 0,
    }
    summary["energy"] = {
        "contracted_wh": 0,
        "delivered_wh": 0,
        "settled_wh": 0,
        "generated_wh": 0,
        "consumed_wh": used,
        "grid_wh": used,
    }
    summary["money"] = {"postings_sum_nano": 0, "paid_nano": 0, "saved_vs_grid_nano": 0}
    summary["coins"] = {"issued_ug": 0, "spent_ug": 0, "expired_ug": 0, "balance_ug": 0}
    summary["kpi"] = {"self_sufficiency_ppm": 0, "self_consumption_ppm": 0}
    summary["certificates"] = summary["transactions"] = summary["neighbour_wh"] = 0
    summary["neighbour_contracts"] = summary["coins_spent_with_another_plant"] = 0
    summary["deaf_meters"] = summary["deaf_meters_with_contract"] = 0
    summary["secure_elements"] = summary["secure_elements_with_contract"] = 0
    summary["meters_with_contract"] = 0
    summary["secure_element_signatures"] = 0
    return Results(
        run=results.run,
        summary=summary,
        slots=results.slots,
        flows=[Flow("grid", "grid", "H1", "home", used)],
        grid_prices=results.grid_prices,
    )


def _slot(dice: random.Random, index: int, meters: int, plants: int, roofs: int) -> SlotEnergy:
    hour = index % 96 / 4
    season = 1 + 0.35 * math.cos(2 * math.pi * (index / 96 + 172) / 365)
    home = 65 + 55 * math.exp(-((hour - 7.5) ** 2) / 3) + 120 * math.exp(-((hour - 19) ** 2) / 7)
    consumed = round(meters * season * home * dice.uniform(0.93, 1.07))
    sun = max(0.0, math.sin(math.pi * (hour - 4.2) / 16)) if 4.2 < hour < 20.2 else 0.0
    sun *= dice.uniform(0.75, 1) * (0.55 if index // 96 % 3 == 1 else 1)
    roof = round(roofs * 900 * sun)
    plant = round(plants * (1_500 * sun + 700))
    own = min(roof, consumed * roofs // max(meters, 1))
    neighbours = min(roof - own, (consumed - own) // 5)
    bought = min(plant, round((consumed - own - neighbours) * dice.uniform(0.75, 0.95)))
    return SlotEnergy(
        START + index * SLOT_S,
        consumed,
        own,
        bought,
        neighbours,
        consumed - own - neighbours - bought,
        roof + plant,
        roof + plant - own - neighbours - bought,
    )


def _run(meters: int, plants: int, roofs: int, days: int) -> Run:
    share = f"{roofs / max(meters, 1):.2g}"
    options = {
        "--meters": str(meters),
        "--plants": str(plants),
        "--prosumers": share,
        "--days": str(days),
        "--seed": "7",
        "--deaf": "0.1",
        "--secure-elements": "0.25",
        "--out": "out/sim",
    }
    words = [word for pair in options.items() for word in pair]
    return Run(
        ["python", "sim/run.py", *words],
        "out/sim",
        START,
        SLOT_S,
        0,
        "EUR",
        {name.lstrip("-"): value for name, value in options.items()},
    )


def _summary(
    slots: list[SlotEnergy], meters: int, plants: int, roofs: int, days: int, failed: int
) -> Summary:
    consumed = sum(slot.consumed_wh for slot in slots)
    grid = sum(slot.grid_wh for slot in slots)
    generated = sum(slot.generated_wh for slot in slots)
    surplus = sum(slot.surplus_wh for slot in slots)
    neighbours = sum(slot.settled_from_neighbours_wh for slot in slots)
    settled = neighbours + sum(slot.settled_from_plants_wh for slot in slots)
    checks: list[Check] = [
        {"name": name, "ok": index >= failed, "detail": detail}
        for index, (name, detail) in enumerate(CHECKS)
    ]
    return {
        "seed": 7,
        "meters": meters,
        "plants": plants,
        "prosumers": roofs,
        "days": days,
        "slots": len(slots),
        "app_hash": "8f14e45fceea167a5a36dedd4bea2543" * 2,
        "height": 206 * days,
        "transactions": 8_055 * days,
        "claims": _claims(meters, days),
        "coins_spent_with_another_plant": 121 * days,
        "neighbour_contracts": 96 * days,
        "neighbour_wh": neighbours,
        "energy": {
            "contracted_wh": settled * 21 // 20,
            "delivered_wh": settled * 51 // 50,
            "settled_wh": settled,
            "generated_wh": generated,
            "consumed_wh": consumed,
            "grid_wh": grid,
        },
        "money": {
            "postings_sum_nano": 0,
            "paid_nano": settled * 231_000,
            "saved_vs_grid_nano": settled * 71_400,
        },
        "coins": {
            "issued_ug": 168_400_000_000 * days,
            "spent_ug": 71_300_000_000 * days,
            "expired_ug": 0,
            "balance_ug": 97_100_000_000 * days,
        },
        "certificates": 551 * days,
        "kpi": {
            "self_sufficiency_ppm": (consumed - grid) * 10**6 // max(consumed, 1),
            "self_consumption_ppm": (generated - surplus) * 10**6 // max(generated, 1),
        },
        "meters_with_contract": meters,
        "deaf_meters": meters // 10,
        "deaf_meters_with_contract": meters // 10,
        "secure_elements": meters // 4,
        "secure_elements_with_contract": meters // 4,
        "secure_element_signatures": meters * 40 * days,
        "checks": checks,
        "speed": {
            "meter_slots": meters * len(slots),
            "cpu_s": 14.2,
            "meter_slots_per_cpu_s": meters * len(slots) / 14.2,
        },
    }


def _claims(meters: int, days: int) -> Claims:
    return {
        "C1": meters,
        "C2": 41_280 * days,
        "C3": 212,
        "C4": 1_180 * days,
        "C5": 560 * days,
        "C6": 551 * days,
        "C7": 551 * days,
        "C8": 317 * days,
        "C9": 551 * days,
    }


def _flows(
    dice: random.Random, slots: list[SlotEnergy], meters: int, plants: list[str], roofs: list[str]
) -> list[Flow]:
    """Each slot sum spread over sellers and buyers by random weights."""
    flows: list[Flow] = []
    weights = [dice.lognormvariate(0, 0.5) for _ in range(meters)]
    selling = {name: dice.lognormvariate(0, 0.6) for name in [*plants, *roofs]}

    def spread(seller: str, kind: SellerKind, energy_wh: float, buyers: list[int]) -> None:
        whole = sum(weights[index] for index in buyers)
        for index in buyers:
            name = f"H{index + 1}"
            flows.append(
                Flow(
                    name if kind == "roof" else seller,
                    kind,
                    name,
                    "prosumer" if name in roofs else "home",
                    round(energy_wh * weights[index] / whole),
                )
            )

    everybody = list(range(meters))
    sides: tuple[tuple[PlantKind, list[str], int], ...] = (
        ("plant", plants, sum(slot.settled_from_plants_wh for slot in slots)),
        ("neighbour", roofs, sum(slot.settled_from_neighbours_wh for slot in slots)),
    )
    for kind, names, total in sides:
        for name in names:
            part = total * selling[name] / sum(selling[each] for each in names)
            spread(name, kind, part, dice.sample(everybody, max(1, meters * 2 // 3)))
    if roofs:
        own = [index for index in everybody if f"H{index + 1}" in roofs]
        spread("", "roof", sum(slot.self_used_wh for slot in slots), own)
    spread("grid", "grid", sum(slot.grid_wh for slot in slots), everybody)
    return flows


def _prices(
    dice: random.Random, days: int, plants: list[str], roofs: list[str]
) -> list[PlantPrices]:
    series: list[PlantPrices] = []
    for kind, names in (("plant", plants), ("neighbour", roofs)):
        for index, name in enumerate(names):
            base = 205_000 + index * 11_000 if kind == "plant" else 190_000 + dice.randrange(60_000)
            points = [
                PricePoint(
                    START + hour * 3_600,
                    base + dice.randrange(-6_000, 6_000) - (25_000 if 9 <= hour % 24 < 16 else 0),
                )
                for hour in range(5 if kind == "neighbour" else 0, days * 24, 4)
            ]
            series.append(PlantPrices(name, _kind(kind), points))
    return series


def _kind(kind: str) -> PlantKind:
    return "plant" if kind == "plant" else "neighbour"


def _reliability(
    dice: random.Random, days: int, plants: list[str], roofs: list[str]
) -> list[PlantReliability]:
    series: list[PlantReliability] = []
    for kind, names in (("plant", plants), ("neighbour", roofs)):
        for index, name in enumerate(names):
            score = 940_000 - index * (30_000 if kind == "plant" else 4_000)
            lows: list[Span] = []
            scores: list[ScorePoint] = []
            for slot in range(2, days * 96, 4):
                time = START + slot * SLOT_S
                if dice.random() < 0.01 + 0.02 * index * (kind == "plant"):
                    lows.append(Span(time - 3 * SLOT_S, time))
                    score -= 26_000
                score = min(990_000, score + 900)
                scores.append(ScorePoint(time, max(score, 100_000)))
            series.append(
                PlantReliability(
                    name, _kind(kind), scores, lows[::2] if index == 2 else lows, lows[1:]
                )
            )
    return series


def _choices(dice: random.Random, plants: list[str], roofs: list[str]) -> list[PlantChoices]:
    rows: list[PlantChoices] = []
    for kind, names in (("plant", plants), ("neighbour", roofs)):
        for index, name in enumerate(names):
            chosen = (
                dice.randrange(300, 520) // (index + 1)
                if kind == "plant"
                else dice.randrange(2, 22)
            )
            reasons = {
                "dearer than the one chosen": dice.randrange(100, 600),
                "nothing left to sell": dice.randrange(80),
            }
            if index % 3 == 1:
                reasons["below the user's minimum score"] = dice.randrange(1, 60)
            refused = dice.randrange(chosen // 12 + 1)
            rows.append(
                PlantChoices(
                    name, _kind(kind), chosen, refused, chosen - refused, 210 * chosen, reasons
                )
            )
    return rows


def _decisions(days: int) -> list[Decision]:
    lines = [
        "needs 412 Wh in 4 slots",
        "P3: 0.212 EUR/kWh, score 93.1 %, expected 0.219: chosen",
        "P1: 0.205 EUR/kWh, score 71.0 %, expected 0.238",
        "H7: 0.224 EUR/kWh, score 90.2 %, expected 0.234",
        "P5: blocked by the user",
        "grid: 0.318 EUR/kWh",
    ]
    return [
        Decision(START + hour * 3_600, f"H{hour}", lines[: 4 + hour % 3])
        for hour in range(8, 8 + 4 * min(days, 2), 2)
    ]


def _coins(dice: random.Random, days: int) -> list[CoinPoint]:
    points: list[CoinPoint] = []
    issued = spent = expired = 0
    for hour in range(3, days * 24):
        lot = dice.randrange(2 * 10**9, 6 * 10**9)
        issued += lot
        spent += min(lot * 2 // 5, issued - spent - expired) if hour > 8 else 0
        expired += lot // 20 if hour > 30 else 0
        points.append(
            CoinPoint(START + hour * 3_600, issued, spent, expired, issued - spent - expired)
        )
    return points


def _money(dice: random.Random, meters: int, days: int) -> list[HomeMoney]:
    homes: list[HomeMoney] = []
    for index in range(meters):
        without = dice.randrange(1_800_000_000, 5_200_000_000) * days
        homes.append(HomeMoney(f"H{index + 1}", round(without * dice.uniform(0.7, 1.01)), without))
    return homes
