# SPDX-License-Identifier: Apache-2.0
"""The report is one well-formed page that loads nothing, whatever names the user's columns have."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from sim import figures
from sim.report import render
from sim.results import (
    CertificateUser,
    Decision,
    Flow,
    HomeMoney,
    Refusal,
    Results,
    Span,
)
from tests.sim.sample import START, nothing, sample

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></svg></style>",
    "&lt;b&gt; & ' \" \\",
    "\x1b[31m\x00\r\n\u2028 red",
    "\u202egnp.exe\u2066",
    "lone \ud800 and \uffff",
    "x" * 5_000,
    "7" * 5_000,
    "",
)
KNOWN_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section"),
    *("a", "h1", "h2", "h3", "p", "div", "span", "b", "i", "pre", "code", "figure", "figcaption"),
    *("dl", "dt", "dd", "ol", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"),
    *("svg", "path", "rect", "line", "text"),
}


class Page(HTMLParser):
    """Checks that elements close in order, and keeps what a browser would act on."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)


def chapter(text: str, name: str) -> str:
    """One section of the page."""
    return text.split(f'<section id="{name}">')[1].split("</section>", maxsplit=1)[0]


def hostile(name: str) -> Results:
    """The sample with `name` in every place that holds foreign text."""
    results = sample(meters=13, plants=2, roofs=3, days=1, failed=1)
    results.run.command = ["python", "sim/run.py", "--loads", name]
    results.run.parameters = {name: name}
    results.run.currency = name
    results.summary["checks"][0].update(name=name, detail=name)
    results.prices[0].plant = results.reliability[0].plant = results.choices[0].plant = name
    results.choices[0].passed_over = {name: 3}
    results.flows += [Flow(name, "plant", name, "home", 10**6), Flow(name, "roof", name, "home", 9)]
    results.decisions = [Decision(START, name, [name, name])]
    results.money.append(HomeMoney(name, 0, 10**12))
    results.users.append(CertificateUser(name, 1, 10**13, 1))
    results.chain.transactions[name] = 1
    results.chain.refusals.append(Refusal(1, 10**6, name))
    return results


@pytest.mark.parametrize(
    "results",
    [
        sample(),
        sample(meters=1, plants=1, roofs=0, days=1, failed=9),
        sample(meters=300, plants=30, roofs=100, days=1),
        nothing(),
    ],
    ids=["sixty", "one", "many", "nothing"],
)
def test_the_page_and_each_drawing_are_well_formed(results: Results) -> None:
    """Elements close in order, every SVG is XML, every coordinate a number."""
    text = render(results)
    Page(text)
    for drawing in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ET.fromstring(drawing)
    assert not re.search(r'[" MHVLC-](nan|inf)\b', text)


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    """No script, no address but its own anchors, and a policy that forbids the rest."""
    text = render(sample())
    page = Page(text)
    assert {tag for tag, _ in page.tags} <= KNOWN_TAGS
    for tag, attributes in page.tags:
        assert not {"src", "srcset", "data", "xlink:href"} & set(attributes), tag
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"url\(|@import|https?:|//[a-z]", text)
    policy = [each for tag, each in page.tags if tag == "meta" and "http-equiv" in each]
    assert "default-src 'none'" in (policy[0]["content"] or "")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_text_and_nothing_else(name: str) -> None:
    """It opens no element, sets no attribute, steers no terminal, and the page is still UTF-8."""
    text = render(hostile(name))
    page = Page(text)
    assert {tag for tag, _ in page.tags} <= KNOWN_TAGS
    assert not [each for _, each in page.tags for key in each if key.startswith("on")]
    text.encode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]", text)
    for drawing in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ET.fromstring(drawing)
    assert len(text) < 600_000


def test_a_name_with_markup_is_shown_as_it_is() -> None:
    """Escaping hides nothing: the reader sees the column's own name."""
    page = Page(render(hostile("<b>Roof & Co</b>")))
    assert "<b>Roof & Co</b>" in page.words


def test_a_run_without_trade_says_so_in_words() -> None:
    """Where there is nothing to draw there is a sentence, and no chart."""
    text = render(nothing())
    names = (
        "generation",
        "flows",
        "prices",
        "reliability",
        "choices",
        "coins",
        "money",
        "certificates",
        "chain",
    )
    for name in names:
        assert 'class="empty"' in chapter(text, name), name
        assert "<svg" not in chapter(text, name)
    assert "<svg" in chapter(text, "energy")


def test_a_run_without_a_single_slot_is_still_a_page() -> None:
    """Nothing was used, nothing checked: the page says both."""
    results = nothing()
    results.slots.clear()
    results.flows.clear()
    results.summary["checks"].clear()
    text = render(results)
    Page(text)
    assert 'class="empty"' in chapter(text, "energy")
    assert "Nothing was checked" in chapter(text, "checks")


def test_a_failed_check_stands_first_with_the_command_that_replays_it() -> None:
    """Whoever opens the page of a bad run sees what failed before anything else."""
    results = sample(failed=2)
    results.summary["checks"].reverse()
    text = render(results)
    verdict = text.split('<dl class="keys">')[0]
    assert "2 of 9 checks failed" in verdict
    assert "--seed 7" in verdict
    assert re.findall(r'<li class="(\w+)">', chapter(text, "checks")) == ["failed"] * 2 + ["ok"] * 7


def test_the_same_results_give_the_same_page() -> None:
    """Nothing in it depends on the moment or on the order of a set."""
    assert render(sample()) == render(sample())


def test_sixty_meters_and_two_days_stay_below_a_megabyte_and_a_half() -> None:
    """The page is mailed and archived."""
    assert len(render(sample()).encode()) < 1_500_000


def test_a_year_is_drawn_with_few_points_and_all_its_energy() -> None:
    """365 days become days; no line has more than 1500 points, and the axis says kWh per day."""
    text = chapter(render(sample(meters=4, plants=2, roofs=1, days=365)), "energy")
    assert "kWh per day" in text
    for path in re.findall(r' d="([^"]*)"', text):
        assert len(re.findall(r"[A-Z]", path)) <= 2 * 1_500 + 4


def test_every_chart_is_drawn_for_a_wide_and_a_narrow_window() -> None:
    """Scaled text cannot be read, so a telephone gets a drawing of its own."""
    text = render(sample())
    for name in ("energy", "generation", "flows", "prices", "reliability", "coins", "money"):
        assert re.findall(r'<svg class="(\w+)"', chapter(text, name)) == ["wide", "narrow"], name


def test_only_marks_in_the_run_are_counted() -> None:
    """The sentence under the strips agrees with what is drawn."""
    results = sample(plants=2, roofs=0)
    for each in results.reliability:
        each.self_reported = [Span(START - 9_000, START - 900)]
        each.shortfalls = []
    text = chapter(render(results), "reliability")
    assert "None of 2 sellers had low supply or a shortfall in this run. 2 had some in" in text
    results.reliability[0].shortfalls = [Span(START, START + 900)]
    text = chapter(render(results), "reliability")
    assert "1 of 2 sellers had low supply" in text
    assert "Only the chain shows that of P1," in text


def test_bills_of_the_grid_alone_are_a_sentence() -> None:
    """Where nobody saved anything nobody saved most."""
    results = nothing()
    results.money = [HomeMoney("H1", 10**9, 10**9), HomeMoney("H2", 2 * 10**9, 2 * 10**9)]
    text = chapter(render(results), "money")
    assert 'class="empty"' in text
    assert "3.00" in text
    assert "most" not in text
    assert "All that the homes used came from the grid" in chapter(render(results), "energy")
    assert "roofs" not in chapter(render(results), "flows")


def test_who_sold_is_counted_by_kind() -> None:
    """No neighbour is named where none sold."""
    assert ">5 plants sold energy; P" in chapter(render(sample(roofs=0)), "flows")
    assert ">1 plant sold energy. The" in chapter(render(sample(plants=1, roofs=0)), "flows")
    assert ">2 plants and 1 neighbour sold" in chapter(render(sample(plants=2, roofs=1)), "flows")


def test_long_parameters_have_a_line_of_their_own() -> None:
    """Which columns a plant was made of is read to its end."""
    results = sample()
    columns = ", ".join(f'"roof {number}"' for number in range(16))
    results.run.parameters = {"seed": "7", "panels of P1": columns}
    text = chapter(render(results), "run")
    assert text.count('<div class="long">') == 1
    assert figures.escape(columns) in text


def test_a_long_explanation_keeps_its_outcome() -> None:
    """Candidates in the middle are counted; what was decided is always there."""
    results = sample()
    lines = ["needs 412 Wh", *(f"{place}. plant" for place in range(1, 21)), "chosen: plant P3"]
    results.decisions = [Decision(START, "H1", lines)]
    text = chapter(render(results), "choices")
    assert "<p>6. plant</p><p>and 14 more</p><p>chosen: plant P3</p>" in text


def test_messages_that_hold_several_certificates_are_told_from_them() -> None:
    """A reader who adds up the table is told why awards and certificates differ."""
    results = sample()
    assert "several in one" not in chapter(render(results), "chain")
    results.chain.transactions["AWARD"] = 225
    assert "225 AWARD messages for 1" in chapter(render(results), "chain")


def test_coins_of_a_last_moment_are_drawn() -> None:
    """The legend states the last point even if it lies in the last slot."""
    text = chapter(render(sample()), "coins")
    assert figures.escape(figures.mass(sample().coins[-1].issued_ug)) in text
