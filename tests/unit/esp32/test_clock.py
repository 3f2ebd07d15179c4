# SPDX-License-Identifier: Apache-2.0
"""Time comes from the network, is doubted, and never goes back: not by an answer, a reset or a power cut."""

import time

import machine
import ntptime
import pytest
from esp32 import NVS

from wattpact.esp32.clock import (
    DOUBTS_MAX,
    KEEP_S,
    STEP_S_MAX,
    BoardClock,
    SystemTime,
    ntp_time,
)
from wattpact.esp32.vault import NAMESPACE, Vault

NOW = 1_748_858_400
POWER_ON = 946_684_800  # what the system says after a power cut: 2000


class Running:
    """The system's time; the test lets it pass."""

    def __init__(self, unix_s: int = POWER_ON) -> None:
        self.unix_s = unix_s

    def read(self) -> int:
        return self.unix_s

    def write(self, unix_s: int) -> None:
        self.unix_s = unix_s


def vault() -> Vault:
    return Vault(NVS(NAMESPACE))


def confirmed(at: int = NOW) -> Running:
    """A board that ran, whose broker's certificate was valid."""
    running = Running()
    clock = BoardClock(running, vault())
    assert clock.take(at) == ""
    clock.confirm()
    return running


def test_a_board_that_just_got_power_trusts_no_clock() -> None:
    """TLS and slots wait until somebody said what time it is."""
    clock = BoardClock(Running(), vault())
    assert not clock.trusted
    assert clock.now() == 0
    clock.confirm()  # a connection without TLS proves nothing yet
    assert vault().time() == 0


def test_the_first_answer_is_believed_and_the_system_goes_by_it() -> None:
    """MicroPython's TLS judges certificates by the system's time."""
    running = Running()
    clock = BoardClock(running, vault())
    assert clock.take(NOW) == ""
    assert clock.trusted
    assert (clock.now(), running.unix_s) == (NOW, NOW)


def test_small_corrections_are_taken_and_time_stands_still_rather_than_go_back() -> None:
    """A clock that was fast waits."""
    running = Running()
    clock = BoardClock(running, vault())
    clock.take(NOW)
    running.unix_s = NOW + 100
    assert clock.now() == NOW + 100
    assert clock.take(NOW + 90) == ""
    assert clock.now() == NOW + 100
    running.unix_s += 25
    assert clock.now() == NOW + 115


@pytest.mark.parametrize("jump_s", [STEP_S_MAX + 1, -STEP_S_MAX - 1, 365 * 86400])
def test_an_answer_that_is_far_off_does_not_move_a_running_clock(jump_s: int) -> None:
    """Nobody signs NTP."""
    clock = BoardClock(Running(), vault())
    clock.take(NOW)
    assert "off" in clock.take(NOW + jump_s)
    assert clock.now() == NOW


def test_after_a_power_cut_time_does_not_begin_before_what_was_confirmed() -> None:
    """Whoever answers with an old time could show an old certificate."""
    confirmed()
    clock = BoardClock(Running(), vault())
    assert not clock.trusted
    assert "before what this board has seen" in clock.take(NOW - 1)
    assert not clock.trusted
    assert clock.now() == NOW
    assert clock.take(NOW + 86400) == ""
    assert clock.now() == NOW + 86400


def test_after_a_reset_that_kept_the_time_nobody_needs_to_be_asked() -> None:
    """A watchdog in the night, while the network is away: metering goes on."""
    running = confirmed()
    running.unix_s += 60
    clock = BoardClock(running, vault())
    assert clock.trusted
    assert clock.now() == NOW + 60


def test_a_time_that_nothing_confirmed_is_not_kept() -> None:
    """Else one lie would shut the board out of its own network for ever."""
    running = Running()
    clock = BoardClock(running, vault())
    clock.take(NOW + 10 * 365 * 86400)
    running.unix_s += 10 * KEEP_S
    clock.now()
    again = BoardClock(Running(), vault())
    assert again.take(NOW) == ""


def test_a_clock_that_was_set_wrongly_asks_to_start_anew() -> None:
    """The broker's certificate is not valid then, nothing confirms the time, and NTP says something else."""
    clock = BoardClock(Running(), vault())
    clock.take(NOW + 10 * 365 * 86400)
    for _ in range(DOUBTS_MAX):
        assert not clock.is_doubtful()
        assert clock.take(NOW) != ""
    assert clock.is_doubtful()
    clock.confirm()
    assert not clock.is_doubtful()


def test_confirmed_time_is_kept_once_an_hour() -> None:
    """The flash is not worn by looking at the clock."""
    running = confirmed()
    clock = BoardClock(running, vault())
    clock.confirm()
    for _ in range(100):
        running.unix_s += KEEP_S // 50
        clock.now()
    assert NOW + 2 * KEEP_S - KEEP_S // 50 <= vault().time() <= NOW + 2 * KEEP_S


def test_a_time_that_the_host_signed_is_over() -> None:
    """NTP may not say less; a clock that says less is not trusted any more."""
    clock = BoardClock(Running(), vault())
    clock.take_signed(NOW)
    assert "before" in clock.take(NOW - 1)
    assert clock.take(NOW) == ""
    clock.take_signed(NOW - 500)
    assert clock.trusted
    clock.take_signed(NOW + 500)
    assert not clock.trusted
    assert clock.now() == NOW + 500


@pytest.mark.parametrize("epoch_s", [0, POWER_ON])
def test_ntp_and_the_system_count_from_the_ports_epoch(
    epoch_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ESP32 counts from 2000, the VM from 1970."""
    gmtime = time.gmtime

    def of_port(port_s: int) -> time.struct_time:
        return gmtime(port_s + epoch_s)

    monkeypatch.setattr(time, "gmtime", of_port)
    monkeypatch.setattr(time, "time", lambda: NOW - epoch_s)
    ntptime.answers.append(NOW - epoch_s)
    assert ntp_time("ntp.example") == NOW
    assert ntptime.host == "ntp.example"
    system = SystemTime(machine.RTC())
    assert system.read() == NOW
    system.write(NOW)
    assert machine.RTC.written == [(2025, 6, 2, 0, 10, 0, 0, 0)]


def test_no_answer_is_an_oserror() -> None:
    """As the port's module raises it."""
    with pytest.raises(OSError, match="ETIMEDOUT"):
        ntp_time("ntp.example")
