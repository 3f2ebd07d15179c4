# SPDX-License-Identifier: Apache-2.0
"""The screen at the end of a run fits a screen, and shows a failure with the line that replays it."""

import io
import shlex

import pytest

from sim import screen
from sim.results import Results
from tests.sim.sample import nothing, sample


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def bare(text: str) -> str:
    """Without the codes for colours."""
    for code in (screen.GREEN, screen.RED, screen.STRONG, screen.PLAIN):
        text = text.replace(code, "")
    return text


def long_one() -> Results:
    """Many checks, long details, long command."""
    results = sample(failed=3)
    for check in results.summary["checks"]:
        check["detail"] = "detail " * 60
    results.summary["checks"] *= 8
    results.run.command += [f"--pv=weather station {index}.csv" for index in range(12)]
    return results


@pytest.mark.parametrize(
    "results",
    [sample(), nothing(), sample(failed=9), long_one(), sample(meters=1_000, days=365)],
    ids=["sixty", "nothing", "failed", "long", "large"],
)
def test_it_fits_forty_lines_of_a_hundred_columns(results: Results) -> None:
    """Nothing scrolls away and nothing wraps."""
    lines = bare(screen.render(results, terminal=True)).splitlines()
    assert len(lines) <= screen.LINES_MOST
    assert max(map(len, lines)) <= screen.COLUMNS


def test_a_log_keeps_every_word() -> None:
    """What is no terminal gets nothing cut: a failure's detail is there to its end."""
    results = sample(failed=1)
    results.summary["checks"][0]["detail"] = "detail " * 60 + "end"
    assert "detail end\n" in screen.render(results)
    assert "detail end\n" not in bare(screen.render(results, terminal=True))


def test_one_is_not_several() -> None:
    """A count of one has its own words."""
    results = nothing()
    results.summary["claims"]["C1"] = results.summary["claims"]["C8"] = 1
    results.summary["deaf_meters"] = results.summary["deaf_meters_with_contract"] = 1
    text = screen.render(results)
    assert " 1 meter knew an offer" in text
    assert " 1 contract was recorded with coins" in text
    assert " 0 certificates state a contribution" in text
    assert "1 of 1 meter that hears no plant has contracts" in text


def test_secure_elements_are_told_where_there_are_any() -> None:
    """How many meters have one, whether they trade, and that the chips did sign."""
    results = nothing()
    assert "element" not in screen.render(results)
    results.summary["secure_elements"] = results.summary["secure_elements_with_contract"] = 1
    results.summary["secure_element_signatures"] = results.summary["meters_with_contract"] = 1
    told = "element 1 of 1 with a secure element has contracts (0 of 0 without), 1 signature"
    assert told in screen.render(results)
    told = "element 15 of 15 with a secure element have contracts (45 of 45 without)"
    assert told in screen.render(sample())


def test_every_claim_and_every_check_is_on_it() -> None:
    """C1 to C9 with their counts, each check with its verdict, and where the files are."""
    text = screen.render(sample(failed=1))
    for name in ("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9"):
        assert f"  {name}  " in text
    assert text.count("\n  ok ") == 8
    assert "  FAILED  energy balance per slot: 192 slots" in text
    for name in ("report.html", "summary.json", "chain.db"):
        assert f"out/sim/{name}" in text


def test_failed_checks_stand_before_those_that_hold() -> None:
    """With more checks than room it is the good ones that are only counted."""
    lines = screen.render(long_one()).splitlines()
    failed = [index for index, line in enumerate(lines) if line.startswith("  FAILED")]
    assert failed == list(range(failed[0], failed[0] + len(failed)))
    assert "more" in lines[failed[-1]]


def test_after_a_failure_the_command_can_be_pasted_into_a_shell() -> None:
    """Broken over lines or not, a shell reads back the same arguments."""
    results = long_one()
    text = screen.render(results)
    command = text.split("  replay:\n")[1].split("\n\n")[0]
    assert shlex.split(command.replace("\\\n", " ")) == results.run.command
    assert "  replay:" not in screen.render(sample())


def test_it_is_plain_text_of_one_byte_characters_unless_colour_is_asked_for() -> None:
    """A log file or an old terminal shows it as it is."""
    text = screen.render(sample(failed=1))
    assert text.isascii()
    assert "\x1b" not in text
    assert bare(screen.render(sample(failed=1), terminal=True)) == text


def test_a_detail_with_escape_sequences_does_not_reach_the_terminal() -> None:
    """Names of CSV columns stand in details."""
    results = sample(failed=1)
    results.summary["checks"][0]["detail"] = "home \x1b]0;owned\x07\r\nok"
    results.run.out = "out\x1b[2J"
    assert not set("\x1b\x07\r") & set(screen.render(results))


@pytest.mark.parametrize(
    ("stream", "environ", "wanted"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colour_is_for_terminals_whose_user_wants_it(
    stream: io.StringIO, environ: dict[str, str], wanted: bool
) -> None:
    """NO_COLOR counts only when it says something."""
    assert screen.wants_colour(stream, environ) is wanted
