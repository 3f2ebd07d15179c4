# SPDX-License-Identifier: Apache-2.0
"""A plant is judged and chosen alike on a board and on a host: every case of tests/vectors/market."""

import json
from binascii import hexlify, unhexlify

from tests.parity.shown import shown
from wattpact.market import reliability
from wattpact.market.choice import Candidate, Demand, choose
from wattpact.market.explanation import explain_lines
from wattpact.market.preferences import from_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from wattpact.market.choice import Choice
    from wattpact.market.reliability import Judgement

FOLDER = "tests/vectors/market/"


def cases(name: str) -> "list[dict[str, Any]]":
    """The cases of one file, in order."""
    with open(FOLDER + name) as file:
        return json.load(file)


def judged(judgement: "Judgement") -> "list[Any]":
    """A judgement as the vectors write it."""
    return [judgement.ppm, judgement.source, judgement.own_ppm, judgement.told_median]


def answer_reliability(case: "dict[str, Any]") -> "Any":
    """What our code says to a case of reliability.json."""
    given = case["input"]
    if case["of"] == "judge":
        return judged(reliability.judge(given["own_ppm"], given["has_facts"], given["told"]))
    if case["of"] == "service_intervals":
        found = reliability.service_intervals(
            given["windows"], given["utc_offset_s"], given["start"], given["end"]
        )
        return [[start, end] for start, end in found]
    return getattr(reliability, case["of"])(**given)


def chosen(case: "dict[str, Any]") -> "Choice":
    """Our choice in a case of choice.json."""
    asked = dict(case["demand"])
    asked["meter_id"] = unhexlify(asked["meter_id"])
    candidates: "list[Candidate]" = []
    for heard in case["candidates"]:
        panels = [(unhexlify(panel_id), wh) for panel_id, wh in heard["panels"]]
        judgement = reliability.judge(heard["own_ppm"], heard["has_facts"], heard["told"])
        candidates.append(
            Candidate(
                unhexlify(heard["plant_id"]),
                unhexlify(heard["plant_kid"]),
                unhexlify(heard["offer_id"]),
                heard["price"],
                panels,
                heard["offer_remaining_wh"],
                heard["remaining_wh"],
                judgement,
                heard["equivocated"],
            )
        )
    return choose(candidates, Demand(**asked), from_fields(case["preferences"]), case["spent_nano"])


def answer_choice(choice: "Choice") -> "dict[str, Any]":
    """A choice as the vectors write it."""
    return {
        "outcome": choice.outcome,
        "grid_price": choice.grid_price,
        "options": [
            [hexlify(option.plant_id).decode(), option.cost, option.verdict]
            for option in choice.options
        ],
        "ranking": [
            [
                hexlify(option.plant_id).decode(),
                hexlify(option.panel_id).decode(),
                option.start,
                option.wh,
            ]
            for option in choice.ranking
        ],
    }


def lines() -> "Iterator[str]":
    """A line a case, and every line a person would read."""
    for case in cases("reliability.json"):
        yield case["name"] + ": " + shown(answer_reliability(case))
    for case in cases("choice.json"):
        choice = chosen(case)
        yield case["name"] + ": " + shown(answer_choice(choice))
        for line in explain_lines(choice):
            yield line
