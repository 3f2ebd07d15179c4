# SPDX-License-Identifier: Apache-2.0
"""A rule's number leads from docs/ledger.md to one place in the code, one test that accepts and one that refuses."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
JUDGED_BY_HOSTS = {3, 4, 5, 8}  # a witness's clock, and what re-execution compares: host/
RAISED = re.compile(r"(?:\bRuleError\(|\brequire\(|= const\()\s*(\d+)\b")


def numbers_of_the_page() -> set[int]:
    """Every rule of a table that the ledger judges."""
    page = (ROOT / "docs" / "ledger.md").read_text()
    return set(map(int, re.findall(r"^\| R(\d+) \|", page, flags=re.MULTILINE))) - JUDGED_BY_HOSTS


def code() -> list[str]:
    """The ledger's modules."""
    folder = ROOT / "firmware" / "wattpact" / "ledger"
    # The tables of life.py number states and events, not rules.
    return [path.read_text() for path in sorted(folder.glob("*.py")) if path.name != "life.py"]


def test_every_rule_is_raised_at_exactly_one_place() -> None:
    """And nothing is raised that the page does not know."""
    found = Counter(int(number) for text in code() for number in RAISED.findall(text))
    numbers = numbers_of_the_page()
    rules = {number: count for number, count in found.items() if number < 100}
    assert {number for number in rules if number not in numbers} == set()
    assert {number: rules.get(number, 0) for number in numbers} == dict.fromkeys(numbers, 1)


def test_every_rule_has_an_accepted_and_a_refused_case() -> None:
    """Found by their names."""
    names = [
        name
        for path in sorted(Path(__file__).parent.glob("test_*.py"))
        for name in re.findall(r"^def (test_r\d+_\w+)", path.read_text(), flags=re.MULTILINE)
    ]
    for word in ("accepts", "refuses"):
        told = {int(each.split("_")[1][1:]) for each in names if each.split("_")[2] == word}
        assert numbers_of_the_page() - told == set(), word


def test_the_numbers_of_the_page_ascend_and_none_is_used_twice() -> None:
    """They are for good."""
    page = (ROOT / "docs" / "ledger.md").read_text()
    numbers = list(map(int, re.findall(r"^\| R(\d+) \|", page, flags=re.MULTILINE)))
    assert numbers == sorted(set(numbers))
