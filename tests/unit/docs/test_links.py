# SPDX-License-Identifier: Apache-2.0
"""Whatever the documents point at is there: pages, headings, files, tests, rules, commands and their options."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from host import cli
from sim import screen
from sim.settings import parser
from tests.sim.sample import sample

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("tests/**/README.md"),
    ]
)
# Where a path in a page may start: the root, the package, the flash image, the page's own folder.
BASES = ("", "firmware/wattpact", "firmware", "tests")
TREES = ("docs", "firmware", "host", "sim", "tools")
# Made by running things, or standing for a user's own files.
MADE = re.compile(r"(out|\.venv|\.cache)(/|$)|wattpact/1(/|$)")
# Named by pages as what is to come. As soon as one is there it must leave this list.
TO_COME: tuple[str, ...] = ()
PATH = re.compile(r"[\w.*-]+(/[\w.*-]+)*(/|\.(py|md|json|toml|sh|svg|mjs|txt))")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchor(heading: str) -> str:
    """What a heading is called in a link."""
    words = re.sub(r"[`*]|\[|\]\([^)]*\)", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {anchor(each) for each in re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)}


def code_words(page: Path) -> Iterator[str]:
    """What stands between single backticks, one line each."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    yield from re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)


def commands(page: Path) -> Iterator[str]:
    """Indented lines that a reader would type, and those within a sentence."""
    text = page.read_text()
    found = re.findall(r"^ {4}(.+)$", text, flags=re.MULTILINE) + list(code_words(page))
    for line in found:
        command = re.sub(r"\s{2,}#.*$", "", line).strip()
        if re.match(r"(make|(\S*/)?python|(\.venv/bin/)\S+) ", command):
            yield command


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file of this tree, and to a heading that it has."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith(("https://", "http://")):
            continue
        path, _, heading = target.partition("#")
        to = (page.parent / path).resolve() if path else page
        assert to.exists(), target
        if heading:
            assert heading in anchors(to), target


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_paths_in_backticks_exist(page: Path) -> None:
    """In the tree, in the board's package or beside the page."""
    for word in code_words(page):
        if not PATH.fullmatch(word) or MADE.match(word) or word in TO_COME:
            continue
        if "/" in word:
            bases = [ROOT / base for base in BASES] + [page.parent]
            assert any(list(base.glob(word)) for base in bases), word
        elif word.endswith((".py", ".md")):  # others are made by a run or a user: chain.db
            assert any(list((ROOT / tree).rglob(word)) for tree in TREES), word


def test_nothing_is_announced_that_is_there_already() -> None:
    """The list of what is to come shrinks."""
    assert [name for name in TO_COME if (ROOT / "firmware" / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_tests_that_are_named_exist(page: Path) -> None:
    """A control is as good as its test."""
    wanted = {word for word in code_words(page) if re.fullmatch(r"test_\w+", word)}
    known = {
        name
        for path in ROOT.glob("tests/**/test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), flags=re.MULTILINE)
    }
    assert wanted - known == set()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_rules_that_are_quoted_stand_in_the_ledgers_page(page: Path) -> None:
    """Every R and number."""
    ledger = (ROOT / "docs" / "ledger.md").read_text()
    known = set(re.findall(r"^\| (R\d+) \|", ledger, flags=re.MULTILINE))
    assert set(re.findall(r"\bR\d+\b", page.read_text())) - known == set()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_are_there_with_their_options(page: Path) -> None:
    """Targets of make, scripts, modules; options of the simulator and the host."""
    targets = set(re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for command in commands(page):
        words = command.split()
        if words[0] == "make":
            assert set(words[1:]) <= targets, command
        elif words[1:2] == ["-m"]:
            assert (ROOT / words[2]).is_dir() or words[2] == "pytest", command
            if words[2] == "host" and len(words) == 4:
                assert words[3] in cli._parser().format_help(), command
            elif words[2] == "host":
                cli._parser().parse_args(words[3:])
        elif words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file(), command
            if words[1] == "sim/run.py" and "--help" not in words:
                parser().parse_args(words[2:])


def test_the_readmes_screen_is_what_a_run_prints() -> None:
    """Line for line the form that sim/screen.py gives; figures are those of a run, and not compared."""
    readme = (ROOT / "README.md").read_text()
    shown = re.findall(
        r"^ {4}(Wattpact simulation.*| {2}\w+ {2,}.*\S)$", readme, flags=re.MULTILINE
    )
    printed = {masked(line) for line in screen.render(sample()).splitlines()}
    checks = (ROOT / "sim" / "checkers.py").read_text()
    assert len(shown) > 5
    for line in shown:
        name = re.match(r"  ok +([^:]+): ", line)
        if name:
            assert '"%s"' % name.group(1) in checks
        else:
            assert masked(line) in printed, line


def masked(line: str) -> str:
    """A line with its figures, hashes and units' prefixes taken out."""
    line = re.sub(r"[0-9a-f]{16}\.\.\.", "#", line)
    return re.sub(r"\d[\d ,.]*[a-zA-Z%]*", "#", line)


def test_every_page_is_in_the_reading_order_and_every_decision_in_the_list() -> None:
    """A page that nothing leads to is not read."""
    for index, pattern in (
        ("docs/index.md", "docs/*.md"),
        ("docs/adr/README.md", "docs/adr/0*.md"),
    ):
        page = ROOT / index
        linked = {
            (page.parent / target.split("#")[0]).resolve()
            for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text())
        }
        assert set(ROOT.glob(pattern)) - {page} <= linked
