# SPDX-License-Identifier: Apache-2.0
"""One screen for a person when a run is over: what the trade did, what was checked, where to look further.

At most 40 lines; colour and a cut at 100 columns only where a terminal asks for them, so that a log keeps every word.
Of more checks than fit, those that hold are counted first; the command that replays the run and the paths stay whole.
"""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from sim.figures import (
    MINUS,
    THIN,
    count,
    duration,
    energy,
    mass,
    money,
    number,
    part,
    plain,
    share,
)
from sim.results import Check, Results, claim_lines

LINES_MOST = 40
COLUMNS = 100
GREEN, RED, STRONG, PLAIN = "\x1b[32m", "\x1b[31;1m", "\x1b[1m", "\x1b[0m"


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether `stream` is a terminal whose user has not set NO_COLOR (no-color.org: any value but empty)."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def render(results: Results, terminal: bool = False) -> str:
    """The whole screen, ending in a newline; for a terminal coloured and cut to its width, for a file complete."""
    head = [_title(results), "", *_claims(results), "", *_figures(results), ""]
    tail = [*_replay(results), *_files(results)]
    room = max(LINES_MOST - len(head) - len(tail) - 1, 2)
    body = [*head, *_checks(results.summary["checks"], room), ""]
    if terminal:
        body = [_fitted(line) for line in body]
    text = "\n".join(line.rstrip() for line in [*body, *tail]) + "\n"
    return _coloured(text) if terminal else text


def _coloured(text: str) -> str:
    """Verdicts in green and red, the title strong."""
    title, _, rest = text.partition("\n")
    rest = rest.replace("\n  ok ", f"\n  {GREEN}ok{PLAIN} ")
    rest = rest.replace("\n  FAILED ", f"\n  {RED}FAILED{PLAIN} ")
    return f"{STRONG}{title}{PLAIN}\n{rest}"


def _title(results: Results) -> str:
    summary = results.summary
    return _ascii(
        f"Wattpact simulation: {count(summary['meters'], 'meter')} ({count(summary['prosumers'], 'roof')}), "
        f"{count(summary['plants'], 'plant')}, {count(summary['days'], 'day')} in slots of "
        f"{duration(results.run.slot_s)}, seed {summary['seed']}"
    )


def _claims(results: Results) -> list[str]:
    lines = claim_lines(results.summary["claims"])
    wide = max(len(number(n)) for _, n, _ in lines)
    return [_ascii(f"  {name}  {number(n):>{wide}} {words}") for name, n, words in lines]


def _figures(results: Results) -> list[str]:
    """What flowed: energy, money, coins."""
    summary, slots = results.summary, results.slots
    sums, currency = summary["energy"], results.run.currency
    used = sums["consumed_wh"]
    sources = {
        "plants": sum(slot.settled_from_plants_wh for slot in slots),
        "neighbours": summary["neighbour_wh"],
        "own roofs": sum(slot.self_used_wh for slot in slots),
        "grid": sums["grid_wh"],
    }
    coins, kpi, paid = summary["coins"], summary["kpi"], summary["money"]
    rows = {
        "used": f"{energy(used)}: "
        + ", ".join(f"{name} {part(wh, used)}" for name, wh in sources.items()),
        "traded": f"{energy(sums['contracted_wh'])} contracted, {energy(sums['delivered_wh'])} delivered, "
        f"{energy(sums['settled_wh'])} settled, {energy(sources['neighbours'])} of it from neighbours",
        "shares": f"self-sufficiency {share(kpi['self_sufficiency_ppm'])}, self-consumption "
        f"{share(kpi['self_consumption_ppm'])} of {energy(sums['generated_wh'])} generated",
        "money": f"{money(paid['paid_nano'], currency)} paid, "
        f"{money(paid['saved_vs_grid_nano'], currency)} saved against the grid",
        "coins": f"{mass(coins['issued_ug'])} CO2 issued = {mass(coins['spent_ug'])} spent + "
        f"{mass(coins['expired_ug'])} expired + {mass(coins['balance_ug'])} left",
        "chain": f"{count(summary['transactions'], 'transaction')} at height "
        f"{number(summary['height'])}, app hash {summary['app_hash'][:16]}...",
    }
    if deaf := summary["deaf_meters"]:
        verbs = ("hears", "has") if deaf == 1 else ("hear", "have")
        rows["deaf"] = (
            f"{number(summary['deaf_meters_with_contract'])} of {count(deaf, 'meter')} that "
            f"{verbs[0]} no plant {verbs[1]} contracts"
        )
    if elements := summary["secure_elements"]:
        trading = summary["secure_elements_with_contract"]
        others = summary["meters_with_contract"] - trading
        rows["element"] = (
            f"{number(trading)} of {number(elements)} with a secure element "
            f"{'has' if elements == 1 else 'have'} contracts "
            f"({number(others)} of {number(summary['meters'] - elements)} without), "
            f"{count(summary['secure_element_signatures'], 'signature')}"
        )
    return [_ascii(f"  {name:<7} {plain(words)}") for name, words in rows.items()]


def _ascii(line: str) -> str:
    """Without the characters that only a page is sure to show."""
    return line.replace(THIN, " ").replace(MINUS, "-")


def _fitted(line: str) -> str:
    """Cut to the width, a cut marked in ASCII."""
    return line if len(line) <= COLUMNS else line[: COLUMNS - 3].rstrip() + "..."


def _checks(rows: list[Check], room: int) -> list[str]:
    """A line for each check, failed ones first, in `room` lines; what is cut are checks that hold."""
    failed = [check for check in rows if not check["ok"]]
    held = [check for check in rows if check["ok"]]
    lines = [_ascii(f"  FAILED  {plain(each['name'])}: {plain(each['detail'])}") for each in failed]
    if len(rows) <= room:
        lines += [
            _ascii(f"  ok      {plain(each['name'])}: {plain(each['detail'])}") for each in held
        ]
        return lines or ["  FAILED  nothing was checked"]
    kept = lines[: room - 1]
    hidden = len(lines) - len(kept)
    return [
        *kept,
        f"  FAILED  {hidden} more" if hidden else f"  ok      {count(len(held), 'check')}",
    ]


def _replay(results: Results) -> list[str]:
    """After a failure the command that repeats it, broken between arguments only, as a shell wants it."""
    if all(check["ok"] for check in results.summary["checks"]):
        return []
    lines = ["  replay:"]
    line = "   "
    for word in map(plain, map(shlex.quote, results.run.command)):
        if len(line) + len(word) + 3 > COLUMNS:
            lines.append(line + " \\")
            line = "     "
        line += " " + word
    return [*lines, line, ""]


def _files(results: Results) -> list[str]:
    out = Path(plain(results.run.out))
    return [
        f"  {out / 'report.html'}  charts",
        f"  {out / 'summary.json'}  the same for a program",
        f"  {out / 'chain.db'}  python -m host verify {shlex.quote(str(out / 'chain.db'))}",
    ]
