# SPDX-License-Identifier: Apache-2.0
"""The page around the chapters: verdict, key figures, claims, and the command that replays the run.

One file without script, font, image or link to anywhere: a content policy in its head forbids the browser to load
anything even if a name got past the escaping.
"""

import shlex

from sim.figures import (
    count,
    date,
    day,
    duration,
    energy,
    escape,
    mass,
    money,
    number,
    part,
    share,
    shorten,
)
from sim.report import energy as kwh
from sim.report import gains, market, style, tables
from sim.report.chapter import empty, span_of
from sim.report.local import at_local_time, zone
from sim.results import Results

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
LONG = ' class="long"'


def render(results: Results) -> str:
    """The whole report as one HTML text."""
    results = at_local_time(results)
    chapters = _chapters(results)
    nav = "".join(f'<a href="#{name}">{name.capitalize()}</a>' for name, _, _ in chapters)
    body = "".join(
        f'<section id="{name}"><h2>{title}</h2>{inner}</section>' for name, title, inner in chapters
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>Wattpact simulation, seed {results.summary['seed']}</title>"
        f"<style>{style.sheet()}</style></head><body>"
        f"<header>{_head(results)}{_verdict(results)}<nav>{nav}</nav></header>"
        f"<main>{_keys(results)}{body}</main></body></html>\n"
    )


def _head(results: Results) -> str:
    summary, run = results.summary, results.run
    start, _ = span_of(results)
    roofs = (
        f" ({number(summary['prosumers'])} with a roof that sells)" if summary["prosumers"] else ""
    )
    sentence = (
        f"{count(summary['meters'], 'meter')}{roofs} and {count(summary['plants'], 'plant')} over "
        f"{count(summary['days'], 'day')} from "
        f"{day(start)} {date(start).year}: {count(summary['slots'], 'slot')} of {duration(run.slot_s)} "
        f"in virtual time, with real signatures. Times are {zone(run.utc_offset_s)}. Seed\u00a0{summary['seed']}."
    )
    return f'<h1>Wattpact simulation</h1><p class="lead">{escape(sentence)}</p>'


def replay(results: Results) -> str:
    """The command line that repeats the run, ready for a shell."""
    return shlex.join(results.run.command)


def _verdict(results: Results) -> str:
    rows = results.summary["checks"]
    failed = sum(1 for check in rows if not check["ok"])
    if failed:
        names = escape(shorten(tables.failed_names(rows), 300))
        return (
            f'<div class="verdict failed"><b>✗ {failed} of {count(len(rows), "check")} failed:</b> {names}.'
            f"<p>This run is repeated by</p><pre><code>{escape(replay(results))}</code></pre></div>"
        )
    if not rows:
        return '<div class="verdict failed"><b>Nothing was checked.</b></div>'
    return (
        f'<div class="verdict"><b>✓ All {count(len(rows), "check")} ok.</b> '
        f'<span class="soft">What each one saw stands under Checks.</span></div>'
    )


def _keys(results: Results) -> str:
    """The strip of figures on top."""
    summary = results.summary
    slots = results.slots
    used = summary["energy"]["consumed_wh"]
    plants = sum(slot.settled_from_plants_wh for slot in slots)
    neighbours = summary["neighbour_wh"]
    grid = summary["energy"]["grid_wh"]
    currency = results.run.currency
    rows = (
        ("from plants, " + part(plants, used) + " of use", energy(plants)),
        ("from neighbours, " + part(neighbours, used) + " of use", energy(neighbours)),
        ("from the grid, " + part(grid, used) + " of use", energy(grid)),
        ("self-sufficiency: use not from the grid", share(summary["kpi"]["self_sufficiency_ppm"])),
        ("self-consumption: generation used here", share(summary["kpi"]["self_consumption_ppm"])),
        ("saved against the grid price", money(summary["money"]["saved_vs_grid_nano"], currency)),
        ("CO₂ avoided, by certificate", mass(results.reduction_ug)),
        ("contracts recorded", number(summary["claims"]["C5"])),
        ("contracts with neighbours", number(summary["neighbour_contracts"])),
        ("certificates issued", number(summary["certificates"])),
    )
    cells = "".join(
        f"<div><dt>{escape(words)}</dt><dd>{escape(value)}</dd></div>" for words, value in rows
    )
    return f'<dl class="keys">{cells}</dl>'


def _chapters(results: Results) -> list[tuple[str, str, str]]:
    """(anchor, title, HTML) in reading order."""
    summary = results.summary
    return [
        ("claims", "The method at work", _claims(results)),
        ("energy", "Where the energy came from", kwh.energy_by_source(results)),
        ("generation", "What became of the generation", kwh.generation(results)),
        ("flows", "Who supplied whom", kwh.flows(results)),
        ("prices", "Prices", market.prices(results)),
        ("reliability", "Reliability", market.reliability(results)),
        ("choices", "Choices", _choices(results)),
        ("coins", "Carbon coins", gains.coins(results)),
        ("money", "Money", gains.savings(results)),
        ("certificates", "Certificates", _certificates(results)),
        ("chain", "The chain", _chain(results)),
        (
            "checks",
            "Checks",
            tables.checks(summary["checks"])
            if summary["checks"]
            else empty("Nothing was checked."),
        ),
        ("run", "This run", _run(results)),
    ]


def _claims(results: Results) -> str:
    summary = results.summary
    deaf = summary["deaf_meters"]
    note = ""
    if deaf:
        traded = summary["deaf_meters_with_contract"]
        note = f"{count(deaf, 'meter')} could not hear any plant; " + (
            f"{number(traded)} of them had contracts, found through neighbours."
            if traded
            else "none of them had a contract."
        )
    if elements := summary["secure_elements"]:
        given = count(summary["secure_element_signatures"], "signature")
        note += (
            f" {count(elements, 'meter')} signed with a secure element: {given}; "
            f"{number(summary['secure_elements_with_contract'])} of them had contracts."
        )
    return tables.claims(summary) + f'<p class="caption">{escape(note.strip())}</p>'


def _choices(results: Results) -> str:
    if not any(each.first or each.passed_over for each in results.choices):
        table = empty("No meter had a plant to choose in this run.")
    else:
        table = tables.choices(results.choices)
    if not results.decisions:
        return table
    return f"{table}<h3>Some choices as their meters explain them</h3>{tables.decisions(results.decisions)}"


def _certificates(results: Results) -> str:
    number_of = results.summary["certificates"]
    if not number_of:
        return empty("No certificate was issued in this run: no trade was awarded.")
    sentence = (
        f"{count(number_of, 'certificate')} for {count(len(results.users), 'user')} state "
        f"{mass(results.reduction_ug)} of CO₂ avoided. The rate of contribution is a user's part in "
        f"all the CO₂ that the network had avoided when the user's latest certificate was issued."
    )
    table = tables.certificates(results.users) if results.users else ""
    return f'<p class="caption">{escape(sentence)}</p>{table}'


def _chain(results: Results) -> str:
    facts = results.chain
    recorded = results.summary["transactions"]
    if not recorded and not facts.refusals:
        return empty("Nothing was recorded on the chain in this run.")
    certificates = results.summary["certificates"]
    awards = facts.transactions.get("AWARD", 0)
    many = (
        f" {count(awards, 'AWARD message')} for {count(certificates, 'certificate')}, several in one."
        if certificates > awards
        else ""
    )
    sentence = (
        f"{count(recorded, 'transaction')} in {count(facts.blocks, 'block')}.{many} The rules are numbered in "
        f"docs/ledger.md; a refusal leaves no trace in the state."
    )
    return f'<p class="caption">{escape(sentence)}</p>{tables.chain(facts)}'


def _run(results: Results) -> str:
    summary = results.summary
    speed = summary["speed"]
    rows = [
        *results.run.parameters.items(),
        ("meter-slots", number(speed["meter_slots"])),
        ("CPU time", f"{number(speed['cpu_s'], 1)} s"),
        ("meter-slots per CPU s", number(speed["meter_slots_per_cpu_s"])),
    ]
    cells = "".join(
        f"<div{LONG if len(value) > 30 else ''}><dt>{escape(shorten(name, 40))}</dt>"
        f"<dd>{escape(shorten(value, 1_200))}</dd></div>"
        for name, value in rows
    )
    return (
        f'<p class="caption">The same command gives the same chain, to the last bit.</p>'
        f"<pre><code>{escape(replay(results))}</code></pre>"
        f'<p class="caption">App hash at height {number(summary["height"])}: '
        f"<code>{escape(summary['app_hash'])}</code></p>"
        f'<dl class="run">{cells}</dl>'
    )
