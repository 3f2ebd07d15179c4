# SPDX-License-Identifier: Apache-2.0
"""What a run is asked to do, checked before anything is built: a mistake here is the user's, told in one line."""

import argparse
from calendar import timegm
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn

from wattpact.units import DAY_S, HOUR_S
from wattpact.wire.messages import PANELS_MAX

from .online import Online, OnlineError, add_options, online
from .world.csv_cells import YEARS
from .world.csv_input import Series, common_window, iso, read_series
from .world.input_errors import plain
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
SEED_MAX = (1 << 63) - 1
RESULT_FILES = ("chain.db", "report.html", "summary.json")


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
    secure_elements: float
    start: int
    """First slot, Unix s."""
    slots: int
    round_slots: int
    out: Path
    loads: Series | None
    pv: Series | None
    online: Online | None
    """Over a broker; None in memory."""
    arguments: Sequence[str]
    """As the user gave them: after the interpreter and `sim/run.py` they replay the run."""

    def figures(self) -> tuple[object, ...]:
        """All that decides what a fleet is, but for the files' contents."""
        shares = (self.prosumers, self.deaf, self.secure_elements)
        counts = (self.seed, self.meters, self.plants, self.start, self.slots, self.round_slots)
        return (*counts, *shares)

    @property
    def days(self) -> int:
        """Days begun."""
        return -(-self.slots * SLOT_S // DAY_S)


class _Parser(argparse.ArgumentParser):
    """What it cannot make sense of is told as any other mistake is: in one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError("%s (--help tells the options)" % plain(message))


def parser() -> argparse.ArgumentParser:
    """The command line of sim/run.py."""
    made = _Parser(
        prog="sim/run.py",
        description="Trade between homes, plants and neighbours in virtual time, "
        "with real signatures and a real ledger file.",
        epilog="Exit code 0: every check holds; 1: a check failed, and the line that replays the run is printed; "
        "2: bad input, or the results could not be written; 130, 143, 129: stopped by Ctrl-C, SIGTERM, SIGHUP, "
        "nothing written.",
    )
    _add_counts(made)
    _add_files(made)
    add_options(made)
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
        help="PV plants (default %d; with --pv at most one per panel, and enough for 16 panels each)"
        % PLANTS,
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
        help="days (default %d, or all that the CSV files have)" % DAYS,
    )
    add(
        "--start",
        metavar="DATE",
        help="first day, YYYY-MM-DD, in the years %d to %d; it begins at 00:00 UTC+1 (default %s, "
        "or the first slot of the CSV files)" % (*YEARS, FIRST_DAY),
    )
    add(
        "--seed",
        type=int,
        metavar="S",
        default=1,
        help="one seed, one result; 0 to 2^63 - 1 (default %(default)s)",
    )
    add(
        "--deaf",
        type=float,
        metavar="SHARE",
        default=0.0,
        help="share of meters that cannot hear plants and ask neighbours, 0 to 1 (default %(default)s)",
    )
    add(
        "--secure-elements",
        type=float,
        metavar="SHARE",
        default=0.0,
        help="share of meters that sign with a modelled ATECC608, 0 to 1 (default %(default)s)",
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
    for name, least, most in (("seed", 0, SEED_MAX), ("slots", 1, ROUND_SLOTS)):
        _within("--" + name, getattr(given, name), least, most)
    for name in ("prosumers", "deaf", "secure-elements"):
        _within("--" + name, getattr(given, name.replace("-", "_")), 0, 1)
    if given.days is not None:
        _within("--days", given.days, 1, DAYS_MAX)
    begin = None if given.start is None else _midnight(given.start)
    out = _folder(given.out)
    try:
        over = online(given)
    except OnlineError as error:
        raise SettingsError(str(error)) from None
    for name in ("loads", "pv"):
        if getattr(given, name) == "":
            raise SettingsError("--%s must name a file, not nothing" % name)
    loads = None if given.loads is None else read_series(given.loads)
    pv = None if given.pv is None else read_series(given.pv)
    meters = _meters(given.meters, loads)
    plants = _plants(given.plants, pv)
    start, slots = _window(begin, given.days, loads, pv)
    return Settings(
        seed=given.seed,
        meters=meters,
        plants=plants,
        prosumers=given.prosumers,
        deaf=given.deaf,
        secure_elements=given.secure_elements,
        start=start,
        slots=slots,
        round_slots=given.slots,
        out=out,
        loads=loads,
        pv=pv,
        online=over,
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
    if asked == 0:
        raise SettingsError("--plants 0, but %s has panels: leave one of the two out" % pv.file)
    if asked is not None and asked > panels:
        raise SettingsError("--plants %d, but %s has %d panels" % (asked, pv.file, panels))
    if asked is not None and asked < needed:
        raise SettingsError(
            "--plants %d, but %s has %d panels and a plant has at most %d: at least %d plants"
            % (asked, pv.file, panels, PANELS_MAX, needed)
        )
    return min(max(PLANTS, needed) if asked is None else asked, panels)


def _midnight(day: str) -> int:
    """Unix s of 00:00 local time on `day`."""
    try:
        first = date.fromisoformat(day)
    except ValueError:
        first = None
    if first is None or first.isoformat() != day or not YEARS[0] <= first.year <= YEARS[1]:
        raise SettingsError(
            "--start must be a day such as %s in the years %d to %d, not %r"
            % (FIRST_DAY, *YEARS, day)
        )
    return timegm(first.timetuple()) - UTC_OFFSET_S


def _folder(name: str) -> Path:
    """Where results go; nothing is made yet, but what can be seen to be in the way is refused."""
    if not name:
        raise SettingsError("--out must name a folder, not nothing")
    out = Path(name)
    try:
        if out.exists() and not out.is_dir():
            raise SettingsError("--out %s is a file, not a folder" % plain(name))
        for file in RESULT_FILES:
            if (out / file).is_dir():
                raise SettingsError(
                    "--out: %s is a folder, and a file must go there" % plain(str(out / file))
                )
    except OSError as error:
        raise SettingsError("--out %s: %s" % (plain(name), error.strerror)) from None
    return out


def _window(
    begin: int | None, days: int | None, loads: Series | None, pv: Series | None
) -> tuple[int, int]:
    """Start (Unix s) and slots: what was asked for, or else all that the files have."""
    series = loads or pv
    if series is None:
        first = _midnight(FIRST_DAY) if begin is None else begin
        return first, (DAYS if days is None else days) * DAY_S // SLOT_S
    if loads and pv:
        start, slots = common_window(loads, pv)
        files = "%s and %s have in common" % (plain(loads.file), plain(pv.file))
    else:
        start, slots = series.start, series.slots
        files = "%s has" % plain(series.file)
    end = start + slots * SLOT_S
    have = "%s %s to %s" % (files, iso(start), iso(end))
    if begin is not None:
        if not start <= begin < end:
            raise SettingsError("--start is %s, but %s" % (iso(begin), have))
        start, slots = begin, (end - begin) // SLOT_S
    if days is None:
        return start, slots
    asked = days * DAY_S // SLOT_S
    if asked > slots:
        raise SettingsError(
            "--days %d is %d slots, but %s: %d slots from %s"
            % (days, asked, have, slots, iso(start))
        )
    return start, asked
