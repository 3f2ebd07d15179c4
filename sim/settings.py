# SPDX-License-Identifier: Apache-2.0
"""What a run is asked to do, checked before anything is built: a mistake here is the user's, told in one line."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from wattpact.units import DAY_S, HOUR_S
from wattpact.wire.messages import PANELS_MAX

from .world.csv_input import Series, common_window, read_series
from .world.profiles import SLOT_S

METERS = 60
PLANTS = 5
DAYS = 2
FIRST_DAY = "2025-06-11"
ROUND_SLOTS = 4
UTC_OFFSET_S = HOUR_S
METERS_MAX = 100_000
PLANTS_MAX = 1_000
DAYS_MAX = 3_660


class SettingsError(Exception):
    """A parameter that cannot be; str() is one line that names it."""


@dataclass(frozen=True)
class Settings:
    """Parameters of one run, complete: nothing is decided later."""

    seed: int
    meters: int
    plants: int
    prosumers: float
    deaf: float
    start: int
    """First slot, Unix s."""
    slots: int
    round_slots: int
    out: Path
    loads: Series | None
    pv: Series | None
    arguments: Sequence[str]
    """As the user gave them: with `python sim/run.py` before them they replay the run."""

    @property
    def days(self) -> int:
        """Days begun."""
        return -(-self.slots * SLOT_S // DAY_S)


def parser() -> argparse.ArgumentParser:
    """The command line of sim/run.py."""
    made = argparse.ArgumentParser(
        prog="sim/run.py",
        description="Trade between homes, plants and neighbours in virtual time, "
        "with real signatures and a real ledger file.",
        epilog="Exit code 0: every check holds; 1: a check failed, and the line that replays the run is printed; "
        "2: bad input, nothing written.",
    )
    _add_counts(made)
    _add_files(made)
    return made


def _add_counts(made: argparse.ArgumentParser) -> None:
    """Who takes part, and for how long."""
    add = made.add_argument
    add(
        "--meters",
        type=int,
        metavar="N",
        help="homes (default %d, or one per column of --loads)" % METERS,
    )
    add(
        "--plants",
        type=int,
        metavar="N",
        help="PV plants (default %d, more if --pv needs them)" % PLANTS,
    )
    add(
        "--prosumers",
        type=float,
        metavar="SHARE",
        default=0.0,
        help="share of homes with panels on the roof, 0 to 1 (default %(default)s)",
    )
    add(
        "--days",
        type=int,
        metavar="D",
        help="days (default %d, or as many as the CSV files have)" % DAYS,
    )
    add(
        "--start",
        metavar="DATE",
        default=FIRST_DAY,
        help="first day, YYYY-MM-DD (default %(default)s; with CSV files their first slot counts)",
    )
    add(
        "--seed",
        type=int,
        metavar="S",
        default=1,
        help="one seed, one result (default %(default)s)",
    )
    add(
        "--deaf",
        type=float,
        metavar="SHARE",
        default=0.0,
        help="share of meters that cannot hear plants and ask neighbours, 0 to 1 (default %(default)s)",
    )
    add(
        "--slots",
        type=int,
        metavar="N",
        default=ROUND_SLOTS,
        help="slots of 15 min per contract, 1 to 4 (default %(default)s)",
    )


def _add_files(made: argparse.ArgumentParser) -> None:
    """What is read and where results go."""
    add = made.add_argument
    add(
        "--loads",
        metavar="CSV",
        help="homes' own data: column time (ISO 8601 with offset), then one column per home, Wh per 15 min",
    )
    add("--pv", metavar="CSV", help="plants' own data, in the same form: one column per panel")
    add(
        "--out",
        metavar="DIR",
        default="out/sim",
        help="where summary.json, report.html and chain.db go (default %(default)s)",
    )


def read(arguments: Sequence[str]) -> Settings:
    """Arguments and CSV files, checked. SettingsError or world.input_errors.InputError, each of one line."""
    given = parser().parse_args(arguments)
    for name, least, most in (("seed", 0, 1 << 63), ("slots", 1, ROUND_SLOTS)):
        _within("--" + name, getattr(given, name), least, most)
    for name in ("prosumers", "deaf"):
        _within("--" + name, getattr(given, name), 0, 1)
    loads = read_series(given.loads) if given.loads else None
    pv = read_series(given.pv) if given.pv else None
    meters = _meters(given.meters, loads)
    plants = _plants(given.plants, pv)
    if given.days is not None:
        _within("--days", given.days, 1, DAYS_MAX)
    start, slots = _window(given.start, given.days, loads, pv)
    return Settings(
        seed=given.seed,
        meters=meters,
        plants=plants,
        prosumers=given.prosumers,
        deaf=given.deaf,
        start=start,
        slots=slots,
        round_slots=given.slots,
        out=Path(given.out),
        loads=loads,
        pv=pv,
        arguments=tuple(arguments),
    )


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise SettingsError("%s must be %s to %s, not %s" % (name, least, most, value))


def _meters(asked: int | None, loads: Series | None) -> int:
    if asked is not None:
        _within("--meters", asked, 1, METERS_MAX)
    if loads is None:
        return METERS if asked is None else asked
    if asked is not None and asked > len(loads.names):
        raise SettingsError(
            "--meters %d, but %s has %d homes" % (asked, loads.file, len(loads.names))
        )
    return asked or len(loads.names)


def _plants(asked: int | None, pv: Series | None) -> int:
    """At most one for each panel of the file, and enough for all of them if there is any."""
    if asked is not None:
        _within("--plants", asked, 0, PLANTS_MAX)
    if pv is None:
        return PLANTS if asked is None else asked
    panels = len(pv.names)
    needed = -(-panels // PANELS_MAX)
    if asked and asked < needed:
        raise SettingsError(
            "--plants %d, but %s has %d panels and a plant has at most %d: at least %d plants"
            % (asked, pv.file, panels, PANELS_MAX, needed)
        )
    return min(max(PLANTS, needed) if asked is None else asked, panels)


def _window(
    first_day: str, days: int | None, loads: Series | None, pv: Series | None
) -> tuple[int, int]:
    """Start (Unix s) and slots: the days asked for, or as many of them as the files have."""
    most = (days or DAYS_MAX) * DAY_S // SLOT_S
    if loads and pv:
        start, slots = common_window(loads, pv)
        return start, min(slots, most)
    series = loads or pv
    if series:
        return series.start, min(series.slots, most)
    try:
        midnight = datetime.combine(date.fromisoformat(first_day), datetime.min.time(), tzinfo=UTC)
    except ValueError:
        raise SettingsError(
            "--start must be a date such as %s, not %r" % (FIRST_DAY, first_day)
        ) from None
    begin = midnight - timedelta(seconds=UTC_OFFSET_S)
    if not 1990 <= begin.year <= 2200:
        raise SettingsError("--start must lie between 1990 and 2200")
    return int(begin.timestamp()), (days or DAYS) * DAY_S // SLOT_S
