# SPDX-License-Identifier: Apache-2.0
"""A master on a line on which anything may happen: the right registers, or an error that says what to check."""

import pytest

from sim.world.chips.modbus.bus import Bus
from sim.world.chips.modbus.meters import modelled
from sim.world.electricity import Electricity, Phase
from wattpact.errors import BusError
from wattpact.metering.modbus.frame import READ_INPUT, registers
from wattpact.metering.modbus.line import PAUSE_MS, TRIES, RtuLine

VOLTAGE = b"\x00\x00\x00\x02"
V_230 = [0x4366, 0x0000]


def line(baud: int = 9_600) -> tuple[Bus, RtuLine]:
    """An SDM120 at address 1 and an SDM630 at 2."""
    world = Electricity([Phase(), Phase(), Phase()])
    meters = [modelled("sdm120", world, 1), modelled("sdm630", world, 2)]
    for meter in meters:
        meter.baud = 9_600
    bus = Bus(meters, baud)
    return bus, RtuLine(bus, baud, 300)


def asked(rtu: RtuLine, unit: int = 1) -> list[int]:
    return registers(rtu.request(unit, READ_INPUT, VOLTAGE))


def test_meters_on_one_line_answer_for_themselves() -> None:
    """One request each."""
    bus, rtu = line()
    assert asked(rtu, 1) == asked(rtu, 2) == V_230
    assert bus.requests == 2


@pytest.mark.parametrize("fault", ["silent", "spoiled", "cut", "noise", "strangers", "refused"])
def test_what_passes_is_tried_again(fault: str) -> None:
    """Twice in a row is still right; three times is an error."""
    bus, rtu = line()
    setattr(bus.faults, fault, TRIES - 1)
    assert asked(rtu) == V_230
    assert bus.requests == TRIES
    setattr(bus.faults, fault, TRIES)
    with pytest.raises(BusError, match=r"modbus unit 1: .* \(3 tries\)"):
        asked(rtu)
    assert asked(rtu) == V_230


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("silent", "no answer within 300 ms: check address, baud rate"),
        ("spoiled", "wrong CRC: check baud rate"),
        ("cut", "wrong CRC"),
        ("strangers", "from unit 2"),
        ("refused", "exception 06: it is busy"),
    ],
)
def test_an_error_says_what_to_check(fault: str, told: str) -> None:
    """The first thing that went wrong."""
    bus, rtu = line()
    setattr(bus.faults, fault, TRIES)
    with pytest.raises(BusError, match=told):
        asked(rtu)


def test_a_meters_no_is_not_asked_again() -> None:
    """A register that it does not have it will not have in a second."""
    bus, rtu = line()
    with pytest.raises(BusError, match=r"unit 1: exception 02: .* another meter"):
        rtu.request(1, READ_INPUT, b"\x20\x00\x00\x02")
    assert bus.requests == 1


def test_nobody_at_an_address_and_another_baud_rate_are_silence() -> None:
    """Bounded in time."""
    bus, rtu = line()
    for unit, other in ((9, rtu), (1, RtuLine(bus, 2_400, 300))):
        before_us = bus.now_us
        if other is not rtu:
            bus.baud = 2_400
        with pytest.raises(BusError, match="no answer"):
            asked(other, unit)
        assert bus.now_us - before_us < TRIES * 1_000_000


def test_another_parity_is_silence() -> None:
    """The meter hears frames that are broken in each of their bytes."""
    bus, rtu = line()
    bus.frame = "8E1"
    with pytest.raises(BusError, match="no answer"):
        asked(rtu)


def test_a_slow_and_split_answer_is_one() -> None:
    """Within the time that a meter may think, however it comes in pieces."""
    bus, rtu = line()
    bus.faults.late_ms = 250
    bus.faults.split_ms = 200
    assert asked(rtu) == V_230
    assert bus.requests == 1


@pytest.mark.parametrize("late_ms", [420, 600])
def test_an_answer_that_comes_too_late_is_never_taken_for_the_next_one(late_ms: int) -> None:
    """It is waited for and thrown away before anything else is asked."""
    bus, rtu = line()
    bus.faults.late_ms = late_ms
    with pytest.raises(BusError, match="no answer"):
        asked(rtu)
    bus.faults.late_ms = 0
    assert registers(rtu.request(1, READ_INPUT, b"\x00\x46\x00\x02")) == [0x4248, 0]


def test_a_line_that_is_never_quiet_ends_in_an_error() -> None:
    """Somebody else's traffic all the time: bounded bytes, then the next try."""
    bus, rtu = line()
    bus.faults.late_ms = 100_000
    bus.babble_us = 10_000
    with pytest.raises(BusError):
        asked(rtu)
    assert bus.now_us < 20_000_000


def test_a_line_that_gives_back_what_is_sent_is_noticed_and_understood() -> None:
    """A transceiver whose receiver is always on."""
    bus, rtu = line()
    bus.faults.echo = True
    assert asked(rtu) == V_230
    assert rtu.echoes == 1
    bus.faults.silent = 1
    assert asked(rtu) == V_230
    with pytest.raises(BusError, match="no answer"):
        asked(rtu, 9)


def test_a_meter_gets_the_pause_that_it_wants() -> None:
    """The model is silent to whoever asks too soon; this master does not."""
    bus, rtu = line()
    assert bus.meters[0].pause_us == PAUSE_MS * 1_000
    for _ in range(5):
        assert asked(rtu) == V_230
    assert bus.requests == 5
