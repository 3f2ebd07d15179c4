# SPDX-License-Identifier: Apache-2.0
"""The choices of plants that meters made in a run, counted, with one of each kind kept to be shown.

Parts of a fleet that ran apart are put together by `add`.
"""

import re
from collections import Counter
from collections.abc import Callable

from wattpact.market.choice import CHOSEN, NEXT, NONE_SUITS, Choice
from wattpact.market.explanation import explain_lines
from wattpact.units import DAY_S, HOUR_S

from .results import Decision
from .scenario import HomeSite, Scenario
from .settings import UTC_OFFSET_S

CANDIDATES_ENOUGH = 3
"""A choice among so many shows what the method weighs."""
DAYLIGHT_HOURS = (8, 16)
IDS = re.compile("(plant|panel) ([0-9a-f]{16})")

Worth = tuple[int, bool, bool]


class Choices:
    """Counts by plant id."""

    def __init__(self, scenario: Scenario, now: Callable[[], int]) -> None:
        """`now` is the fleet's clock, Unix s."""
        self.chosen: Counter[bytes] = Counter()
        self.passed_over: dict[bytes, Counter[str]] = {}
        self.kept: dict[str, tuple[Worth, Decision]] = {}
        """Kind of choice -> the best example so far, and how good it is."""
        self._now = now
        self._names: dict[str, str] = {}
        sites = list(scenario.plants)
        sites += [home.roof for home in scenario.homes if home.roof]
        self._plants = {site.plant_id for site in scenario.plants}
        for site in sites:
            word = "plant" if site.plant_id in self._plants else "neighbour"
            self._names[site.plant_id.hex()] = "%s %s" % (word, site.name)
            for panel in site.panels:
                self._names[panel.panel_id.hex()] = "panel %s" % panel.world.name

    @property
    def decisions(self) -> list[Decision]:
        """A choice of each kind that came up, in order of time."""
        return sorted((kept for _, kept in self.kept.values()), key=lambda each: each.time)

    def made(self, home: HomeSite, choice: Choice) -> None:
        """A meter has chosen."""
        for option in choice.options:
            if option.verdict == CHOSEN:
                self.chosen[option.plant_id] += 1
            elif option.verdict != NEXT:
                reasons = self.passed_over.setdefault(option.plant_id, Counter())
                reasons[option.verdict] += 1
        self._keep(home, choice)

    def add(self, other: "Choices") -> None:
        """What another part of the fleet chose."""
        self.chosen += other.chosen
        for plant_id, reasons in other.passed_over.items():
            self.passed_over.setdefault(plant_id, Counter()).update(reasons)
        for kind, (worth, decision) in other.kept.items():
            if kind not in self.kept or self.kept[kind][0] < worth:
                self.kept[kind] = (worth, decision)

    def _keep(self, home: HomeSite, choice: Choice) -> None:
        """For the first kind it shows better than the choice kept so far: more candidates, a ranking, daylight."""
        local = choice.demand.start + UTC_OFFSET_S
        light = DAYLIGHT_HOURS[0] <= local % DAY_S // HOUR_S < DAYLIGHT_HOURS[1]
        worth = (min(len(choice.options), CANDIDATES_ENOUGH), bool(choice.ranking), light)
        for kind in self._kinds(home, choice):
            if kind in self.kept and self.kept[kind][0] >= worth:
                continue
            lines = [IDS.sub(self._named, line) for line in explain_lines(choice)]
            self.kept[kind] = (worth, Decision(self._now(), home.name, lines))
            return

    def _kinds(self, home: HomeSite, choice: Choice) -> list[str]:
        """What the choice is an example of, the rarest first."""
        kinds: list[str] = []
        if choice.outcome == NONE_SUITS:
            kinds.append("none suits")
        if choice.ranking:
            first = choice.ranking[0].plant_id
            if first not in self._plants:
                kinds.append("neighbour")
            if any(option.judgement.told_median is not None for option in choice.options):
                kinds.append("told")
            if first in self._plants:
                kinds.append("plant")
        return [*kinds, "deaf" if home.deaf else "hearing"]

    def _named(self, found: re.Match[str]) -> str:
        """An id as the report calls its plant or panel."""
        return self._names.get(found[2], found[0])
