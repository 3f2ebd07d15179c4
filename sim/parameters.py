# SPDX-License-Identifier: Apache-2.0
"""A run's parameters in words for the report, defaults included, and which column of a file became which plant."""

from .figures import date
from .report.local import zone
from .scenario import Scenario
from .settings import UTC_OFFSET_S, Settings


def described(settings: Settings, scenario: Scenario) -> dict[str, str]:
    """Name -> value in reading order; names from the user's files as they are."""
    start = date(scenario.start + UTC_OFFSET_S)
    words = {
        "start": f"{start:%Y-%m-%d %H:%M} {zone(UTC_OFFSET_S)}",
        "days": str(settings.days),
        "slots": str(settings.slots),
        "seed": str(settings.seed),
        "meters": str(settings.meters),
        "plants": str(settings.plants),
        "share of prosumers": f"{settings.prosumers:g}",
        "share of deaf meters": f"{settings.deaf:g}",
        "share of meters with a secure element": f"{settings.secure_elements:g}",
        "slots per contract": str(settings.round_slots),
        "loads": settings.loads.file if settings.loads else "BDEW 2025 with variation",
        "PV": settings.pv.file if settings.pv else "solar geometry with clouds",
    }
    if settings.online:
        words.update(settings.online.described())
    if settings.pv:
        for plant in scenario.plants:
            columns = ['"%s"' % panel.world.name for panel in plant.panels]
            words["panels of %s" % plant.name] = ", ".join(columns)
    return words
