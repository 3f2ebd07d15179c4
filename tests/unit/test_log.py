# SPDX-License-Identifier: Apache-2.0
"""The log is bounded in every direction and shows no key, whoever wrote the text."""

import pytest

from wattpact.log import ERROR, INFO, TEXT_MAX, WARNING, Log, safe, shown


class Told:
    """A log of three lines from WARNING on, at a time that the test sets."""

    def __init__(self) -> None:
        self.time = 0
        self.lines: list[str] = []
        self.log = Log(lambda: self.time, 3, WARNING, self.lines.append)


def test_the_last_lines_stay_and_the_oldest_go() -> None:
    """Three of five."""
    told = Told()
    for number in range(5):
        told.time = number
        told.log.add(ERROR, "code", "line %d" % number)
    assert [line.text for line in told.log.lines] == ["line 2", "line 3", "line 4"]
    assert told.lines[0] == "0 error code: line 0"


def test_the_same_again_is_counted_and_not_repeated() -> None:
    """A fault that lasts does not push everything else out."""
    told = Told()
    for time in range(4):
        told.time = time
        told.log.add(WARNING, "link", "lost")
    assert [shown(line) for line in told.log.lines] == ["3 warning link: lost (4 times)"]
    assert len(told.lines) == 1


def test_what_is_below_the_level_is_not_kept() -> None:
    """Nor told."""
    told = Told()
    told.log.add(INFO, "network", "up")
    assert told.log.lines == []
    assert told.lines == []


def test_a_text_is_cut_and_stays_on_one_line() -> None:
    """A peer may have chosen its words."""
    assert len(safe("x" * 1000)) == TEXT_MAX
    assert safe("a\nb\r\x1b[2Jc") == "a b  [2Jc"


@pytest.mark.parametrize("size", [17, 32, 64, 128])
def test_no_text_shows_a_key_in_hex(size: int) -> None:
    """A kid has 16 digits; whatever has more is cut to 8."""
    key = ("0123456789abcdefABCDEF" * 6)[:size]
    assert safe("key=%s!" % key)[:16] == "key=01234567...!"[:16]
    assert key[:9] not in safe(key + key)


def test_a_kid_is_shown_whole() -> None:
    """16 digits."""
    assert safe("from 0011223344556677, 12345 Wh") == "from 0011223344556677, 12345 Wh"


def test_a_log_without_room_is_our_mistake() -> None:
    """One line at least."""
    with pytest.raises(ValueError, match="one line"):
        Log(lambda: 0, 0, INFO, print)
