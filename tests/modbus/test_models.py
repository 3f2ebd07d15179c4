# SPDX-License-Identifier: Apache-2.0
"""Our models as masters see them that share no code with us: minimalmodbus and the client of pymodbus."""

from collections.abc import Callable

import minimalmodbus
import pytest
from pymodbus import FramerType
from pymodbus.client import ModbusSerialClient

from sim.world.chips.modbus.meters import modelled
from sim.world.chips.modbus.serving import PtyLine
from sim.world.chips.modbus.slave import ModbusMeter
from sim.world.electricity import Electricity, Phase

WH = 1_000_000
TIMEOUT_S = 2


def meter(name: str, unit: int = 1) -> ModbusMeter:
    """With 478490 Wh on its display and 196.3 W running backwards through L1."""
    world = Electricity([Phase(230_200, -196_300), Phase(231_000), Phase(0)], 49_980)
    model = modelled(name, world, unit, 478_492 * WH)
    model.pause_us = 0  # these masters wait for no more than the standard's 3.5 bytes
    return model


def by_minimalmodbus(path: str, unit: int) -> Callable[[int, int, int], list[int]]:
    """(function, address, count) to registers."""
    master = minimalmodbus.Instrument(path, unit, close_port_after_each_call=True)
    assert master.serial is not None
    master.serial.timeout = TIMEOUT_S
    return lambda function, address, count: master.read_registers(address, count, function)


def by_pymodbus(path: str, unit: int) -> Callable[[int, int, int], list[int]]:
    """The same."""

    def read(function: int, address: int, count: int) -> list[int]:
        client = ModbusSerialClient(path, framer=FramerType.RTU, baudrate=9_600, timeout=TIMEOUT_S)
        assert client.connect()
        try:
            ask = client.read_holding_registers if function == 3 else client.read_input_registers
            answer = ask(address, count=count, device_id=unit)
        finally:
            client.close()
        if answer.isError():
            raise ValueError(str(answer))
        return list(answer.registers)

    return read


MASTERS = [by_minimalmodbus, by_pymodbus]


@pytest.mark.parametrize("master", MASTERS)
@pytest.mark.parametrize(
    ("name", "function", "address", "registers"),
    [
        ("sdm120", 4, 0x00, [0x4366, 0x3333]),  # 230.2
        ("sdm120", 4, 0x0C, [0xC344, 0x4CCD]),  # -196.3
        ("sdm120", 4, 0x46, [0x4247, 0xEB85]),  # 49.98
        ("sdm230", 4, 0x48, [0x43EF, 0x3EB8]),  # 478.49
        ("sdm630", 4, 0x02, [0x4367, 0x0000]),  # 231.0
        ("sdm72", 4, 0x04, [0, 0]),
        ("pzem004t", 4, 0, [2302]),
        ("pzem004t", 4, 3, [1963, 0]),
        ("dtsu666", 3, 0x2006, [0x450F, 0xE000]),  # 2302.0
        ("dtsu666-2016", 3, 0x401E, [0x43EF, 0x3EB8]),
        ("ddsu666", 4, 0x2004, [0xBE49, 0x02DE]),  # -0.1963
        ("dds238-v1", 3, 0x0C, [2302]),
        ("dds238-v2", 3, 0x0A, [0, 47849]),
    ],
)
def test_masters_of_others_read_what_the_model_measures(
    master: Callable[[str, int], Callable[[int, int, int], list[int]]],
    name: str,
    function: int,
    address: int,
    registers: list[int],
) -> None:
    """Framing, CRC, word order and scale, as those understand them."""
    with PtyLine([meter(name)]) as path:
        assert master(path, 1)(function, address, len(registers)) == registers


@pytest.mark.parametrize("master", MASTERS)
def test_masters_of_others_understand_what_the_model_refuses(
    master: Callable[[str, int], Callable[[int, int, int], list[int]]],
) -> None:
    """Exception 02 for a register that is not documented, 03 for too many."""
    with PtyLine([meter("sdm120")]) as path:
        read = master(path, 1)
        with pytest.raises((minimalmodbus.IllegalRequestError, ValueError), match=r"2|address"):
            read(4, 0x02, 2)
        with pytest.raises((minimalmodbus.IllegalRequestError, ValueError), match=r"3|value"):
            read(4, 0x00, 82)


def test_meters_share_a_line_and_another_address_is_silent() -> None:
    """Each answers for itself."""
    meters = [meter("sdm120", 1), meter("sdm630", 2)]
    with PtyLine(meters) as path:
        for unit in (1, 2):
            assert by_minimalmodbus(path, unit)(4, 0x46, 2) == [0x4247, 0xEB85]
        nobody = minimalmodbus.Instrument(path, 3, close_port_after_each_call=True)
        assert nobody.serial is not None
        nobody.serial.timeout = 0.2
        with pytest.raises(minimalmodbus.NoResponseError):
            nobody.read_registers(0x46, 2, 4)
    assert [each.answered for each in meters] == [1, 1]


def test_minimalmodbus_decodes_energy_and_sets_an_address() -> None:
    """A float, and a write of two registers."""
    with PtyLine([meter("sdm120")]) as path:
        master = minimalmodbus.Instrument(path, 1, close_port_after_each_call=True)
        assert master.serial is not None
        master.serial.timeout = TIMEOUT_S
        assert master.read_float(0x48, 4) == pytest.approx(478.49)
        master.write_float(0x14, 60.0)
        moved = minimalmodbus.Instrument(path, 60, close_port_after_each_call=True)
        assert moved.serial is not None
        moved.serial.timeout = TIMEOUT_S
        assert moved.read_float(0x14, 3) == 60.0


def test_energy_grows_while_real_time_passes() -> None:
    """36 MW: 10 Wh a millisecond."""
    model = meter("sdm120")
    model.world.phases[0].power_mw = 36_000_000_000
    with PtyLine([model]) as path:
        read = by_minimalmodbus(path, 1)
        first = read(4, 0x48, 2)
        second = read(4, 0x48, 2)
    assert first < second
