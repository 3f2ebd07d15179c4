# SPDX-License-Identifier: Apache-2.0
"""What is better read than drawn: claims, choices, decisions, certificates, the chain, checks.

Every function returns HTML in which all foreign text is escaped. Long lists are cut, and what was cut is said.
"""

from collections.abc import Sequence

from sim.figures import (
    count,
    energy,
    escape,
    listed,
    mass,
    moment,
    natural,
    number,
    part,
    share,
    shorten,
)
from sim.results import (
    CertificateUser,
    Chain,
    Check,
    Decision,
    PlantChoices,
    Summary,
    claim_lines,
)

ROWS_MAX = 12
CARDS_MAX = 6
CARD_LINES_MAX = 9


def claims(summary: Summary) -> str:
    """C1 to C9 with their counts; a zero is a plain zero."""
    rows = "".join(
        f'<li><span class="id">{name}</span><span class="n">{number(n)}</span>'
        f"<span>{words}</span></li>"
        for name, n, words in claim_lines(summary["claims"])
    )
    return f'<ol class="claims">{rows}</ol>'


def table(
    heads: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], left_out: str = ""
) -> str:
    """A table from cells that are HTML already; a head is (class, words)."""
    top = "".join(f'<th scope="col" class="{kind}">{words}</th>' for kind, words in heads)
    body = "".join(
        "<tr>"
        + "".join(f'<td class="{kind}">{cell}</td>' for (kind, _), cell in zip(heads, row))
        + "</tr>"
        for row in rows
    )
    note = f'<p class="caption">{escape(left_out)}</p>' if left_out else ""
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>{note}'


def bar(value: int, largest: int, kind: str = "plant") -> str:
    """A bar whose full width is `largest`; nothing at 0."""
    percent = 100 * value / largest if largest else 0
    return f'<i class="f-{kind}" style="width:{percent:.1f}%"></i>' if value else ""


def choices(plants: Sequence[PlantChoices]) -> str:
    """Per seller how often it came first, was asked and refused, what it sold, and why others left it."""
    ranking = sorted(
        plants, key=lambda each: (-each.first, each.kind != "plant", natural(each.plant))
    )
    shown, rest = ranking[:ROWS_MAX], ranking[ROWS_MAX:]
    most = max((each.sold_wh for each in plants), default=0)
    rows: list[list[str]] = []
    for each in shown:
        reasons = sorted(each.passed_over.items(), key=lambda item: (-item[1], item[0]))
        chips = "".join(
            f'<span class="chip">{escape(shorten(reason, 60))} <span class="soft">{number(times)}</span></span>'
            for reason, times in reasons[:5]
        )
        rows.append(
            [
                escape(shorten(each.plant, 28)),
                number(each.first),
                number(each.asked),
                number(each.refused),
                number(each.contracts),
                bar(each.sold_wh, most, each.kind),
                energy(each.sold_wh),
                chips or '<span class="soft">never</span>',
            ]
        )
    heads = (
        ("name", "seller"),
        ("r", "first choice"),
        ("r", "asked"),
        ("r", "declined or silent"),
        ("r", "contracts"),
        ("bar", ""),
        ("r", "sold"),
        ("", "not taken because"),
    )
    note = "A seller is asked when it is the first choice, or when those before it declined or stayed silent."
    if rest:
        times = sum(each.first for each in rest)
        contracts = sum(each.contracts for each in rest)
        note += (
            f" {count(len(rest), 'more seller')} not shown: first choice {count(times, 'time')}, "
            f"{count(contracts, 'contract')} in all."
        )
    return table(heads, rows, note)


def decisions(cards: Sequence[Decision]) -> str:
    """Some choices in the meters' own words."""
    parts: list[str] = []
    for each in cards[:CARDS_MAX]:
        told = each.lines
        if len(told) > CARD_LINES_MAX:  # the first lines and the last, which tells the outcome
            left_out = len(told) - CARD_LINES_MAX + 1
            told = [*told[: CARD_LINES_MAX - 2], f"and {number(left_out)} more", told[-1]]
        lines = "".join(f"<p>{escape(shorten(line, 240))}</p>" for line in told)
        head = f"{escape(shorten(each.home, 40))} at {moment(each.time)}"
        parts.append(f'<div class="card"><p>{head}</p>{lines}</div>')
    return f'<div class="cards">{"".join(parts)}</div>'


def certificates(users: Sequence[CertificateUser]) -> str:
    """The users who avoided most, with their rate of contribution (C9)."""
    ranking = sorted(users, key=lambda each: (-each.reduction_ug, natural(each.user)))
    shown, rest = ranking[:10], ranking[10:]
    most = ranking[0].reduction_ug if ranking else 0
    rows = [
        [
            escape(shorten(each.user, 28)),
            bar(each.reduction_ug, most),
            mass(each.reduction_ug),
            share(each.contribution_ppm),
            number(each.certificates),
        ]
        for each in shown
    ]
    heads = (
        ("name", "user"),
        ("bar", ""),
        ("r", "CO₂ avoided"),
        ("r", "rate of contribution"),
        ("r", "certificates"),
    )
    left_out = ""
    if rest:
        avoided = mass(sum(each.reduction_ug for each in rest))
        left_out = f"{count(len(rest), 'more user')} not shown, who avoided {avoided} together."
    return table(heads, rows, left_out)


def chain(facts: Chain) -> str:
    """What was recorded, and what the ledger refused under which rule."""
    recorded = sorted(facts.transactions.items(), key=lambda item: (-item[1], item[0]))
    total = sum(facts.transactions.values())
    types = table(
        (("name", "type"), ("r", "recorded"), ("r", "share")),
        [[escape(kind), number(n), part(n, total)] for kind, n in recorded],
    )
    if not facts.refusals:
        refused = '<p class="empty">The ledger refused nothing.</p>'
    else:
        ranking = sorted(facts.refusals, key=lambda each: (-each.count, each.rule))
        refused = table(
            (("name", "rule"), ("r", "refused"), ("", "first time")),
            [
                [f"R{each.rule}", number(each.count), escape(shorten(each.example, 90))]
                for each in ranking[:ROWS_MAX]
            ],
            f"{count(len(ranking) - ROWS_MAX, 'more rule')} not shown."
            if len(ranking) > ROWS_MAX
            else "",
        )
    return f'<div class="two"><div><h3>Recorded</h3>{types}</div><div><h3>Refused</h3>{refused}</div></div>'


def checks(rows: Sequence[Check]) -> str:
    """Failed ones first; the word says it, the colour only repeats it."""
    parts: list[str] = []
    for check in sorted(rows, key=lambda each: each["ok"]):
        kind, word = ("ok", "✓ ok") if check["ok"] else ("failed", "✗ failed")
        parts.append(
            f'<li class="{kind}"><b>{word}</b><span>{escape(check["name"])}</span>'
            f'<span class="soft">{escape(shorten(check["detail"], 400))}</span></li>'
        )
    return f'<ul class="checks">{"".join(parts)}</ul>'


def failed_names(rows: Sequence[Check]) -> str:
    """The names of the failed checks as a phrase; "" if there is none."""
    return listed([check["name"] for check in rows if not check["ok"]])
