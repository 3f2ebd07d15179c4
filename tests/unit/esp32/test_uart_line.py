# SPDX-License-Identifier: Apache-2.0
"""The line is driven while we send and at no other moment; test_board.py reads modelled meters over it."""

import machine
import pytest

from tests.unit.esp32.conftest import Slept
from wattpact.errors import BusError
from wattpact.esp32.uart_line import UartWire


class Far:
    """The other end, which sees the level of GPIO 33."""

    def __init__(self) -> None:
        self.waiting = bytearray()
        self.heard_at: list[int] = []
        self.stuck = False

    def heard(self, content: bytes) -> None:
        self.heard_at.append(machine.pins[33].levels[-1] if 33 in machine.pins else -1)


def wire(far: Far, driver_enable: bool = True) -> UartWire:
    machine.serials[2] = far
    uart = machine.UART(2, 9600, tx=machine.Pin(17), rx=machine.Pin(5))
    return UartWire(uart, machine.Pin(33, machine.Pin.OUT) if driver_enable else None)


def test_the_driver_is_enabled_while_bytes_leave_and_not_before_or_after() -> None:
    """`flush` returns after the last stop bit."""
    far = Far()
    line = wire(far)
    assert machine.pins[33].levels == [0]
    line.write(b"12345678")
    assert far.heard_at == [1]
    assert machine.pins[33].levels == [0, 1, 0]


def test_a_uart_that_hangs_lets_go_of_the_line() -> None:
    """Whoever holds it silences all meters."""
    far = Far()
    far.stuck = True
    with pytest.raises(BusError, match="does not send"):
        wire(far).write(b"1")
    assert machine.pins[33].levels[-1] == 0


def test_without_a_pin_the_transceiver_turns_by_itself() -> None:
    """Nothing is driven."""
    far = Far()
    wire(far, driver_enable=False).write(b"1")
    assert far.heard_at == [-1]
    assert 33 not in machine.pins


def test_reading_ends_when_all_is_there_or_time_is_up(slept: Slept) -> None:
    """As many bytes as asked for, fewer after the timeout, none from a silent line."""
    far = Far()
    line = wire(far)
    far.waiting += b"abcdef"
    assert line.read(4, 100) == b"abcd"
    assert slept.ms == 0
    assert line.read(4, 100) == b"ef"
    assert slept.ms == 100
    assert line.read(4, 50) == b""
    assert slept.ms == 150


def test_what_came_before_is_thrown_away() -> None:
    """Noise, or an answer that was late."""
    far = Far()
    line = wire(far)
    far.waiting += b"old"
    line.discard()
    assert line.read(3, 0) == b""
