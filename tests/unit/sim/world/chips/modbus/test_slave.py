# SPDX-License-Identifier: Apache-2.0
"""A modelled meter is silent, refuses and forgets where a real one does, or sooner."""

import pytest

from sim.world.chips.modbus.meters import Eastron, modelled
from sim.world.chips.modbus.slave import ModbusMeter, request_size, sealed
from sim.world.electricity import Electricity, Phase

WH = 1_000_000
HOUR_US = 3_600_000_000


def spelt(text: str) -> bytes:
    return bytes.fromhex(text)


def meter(name: str = "sdm120") -> ModbusMeter:
    return modelled(name, Electricity([Phase(230_200), Phase(), Phase()], 49_980))


def heard(model: ModbusMeter, content: str, now_us: int = 0) -> str:
    """The answer to a frame of this content, without its CRC."""
    answer = model.hear(sealed(spelt(content)), now_us)
    assert not answer or sealed(answer[:-2]) == answer
    return answer[:-2].hex(" ").upper()


def test_answers_are_those_of_the_makers_documents() -> None:
    """Frames that Eastron and others print, CRC included."""
    model = meter()
    assert model.hear(spelt("01 04 00 00 00 02 71 CB"), 0) == spelt("01 04 04 43 66 33 33 5A FA")
    assert model.hear(spelt("01 04 00 46 00 02 90 1E"), 0) == spelt("01 04 04 42 47 EB 85 D0 BA")
    assert model.hear(spelt("01 03 00 14 00 02 84 0F"), 0) == spelt("01 03 04 3F 80 00 00 F7 CF")


@pytest.mark.parametrize(
    "frame",
    [
        "01 04 00 00 00 02 71 CC",  # CRC
        "02 04 00 00 00 02 71 F8",  # another unit
        "00 04 00 00 00 02 70 1A",  # broadcast
        "01",
        "",
    ],
)
def test_what_is_not_for_it_or_not_sound_gets_silence(frame: str) -> None:
    """Not even an exception."""
    assert meter().hear(spelt(frame), 0) == b""


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ("01 04 00 02 00 02", "01 84 02"),  # no such register on one phase
        ("01 04 00 01 00 02", "01 84 02"),  # half a float
        ("01 04 00 00 00 01", "01 84 02"),
        ("01 04 00 00 00 00", "01 84 03"),
        ("01 04 00 00 00 52", "01 84 03"),
        ("01 04 00 00 00", "01 84 03"),
        ("01 01 00 00 00 02", "01 81 01"),
        ("01 10 00 12 00 02 04 00 00 00 00", "01 90 02"),
        ("01 10 00 14 00 01 02 00 00", "01 90 03"),
    ],
)
def test_what_is_not_documented_is_an_exception(content: str, answer: str) -> None:
    """Wrong register, odd address, too many, wrong length, wrong function."""
    assert heard(meter(), content) == answer


def test_a_lenient_meter_answers_zero_where_nothing_is_documented() -> None:
    """As some do within a block."""
    model = meter()
    model.lenient = True
    assert heard(model, "01 04 00 02 00 02") == "01 04 04 00 00 00 00"


def test_a_request_that_comes_too_soon_is_not_heard() -> None:
    """A second master that asks right after the first one's answer."""
    model = meter()
    model.spoke(1_000_000)
    assert heard(model, "01 04 00 00 00 02", 1_049_999) == ""
    assert heard(model, "01 04 00 00 00 02", 1_050_000)


def test_energy_is_counted_exactly_and_shown_in_steps() -> None:
    """1 kW for an hour and 15 W for another one, on display in 10 Wh."""
    world = Electricity([Phase(230_000, 1_000_000)])
    model = modelled("sdm120", world)
    world.pass_time(HOUR_US)
    world.phases[0].power_mw = 15_000
    world.pass_time(HOUR_US)
    assert model.import_uwh == 1_015 * WH
    assert heard(model, "01 04 00 48 00 02") == "01 04 04 3F 81 47 AE"  # 1.01


def test_a_supply_that_fails_takes_what_was_not_saved_and_nothing_is_counted_meanwhile() -> None:
    """The last Wh are lost, the rest is there again."""
    world = Electricity([Phase(230_000, 1_000_000)])
    model = modelled("sdm120", world)
    world.pass_time(HOUR_US + HOUR_US // 100)
    model.cut_power()
    assert heard(model, "01 04 00 48 00 02") == ""
    world.pass_time(HOUR_US)
    model.restore_power()
    assert model.import_uwh == 1_010 * WH - 1_010 * WH % model.saved_uwh


def test_the_address_can_be_changed_and_counts_from_then_on() -> None:
    """An SDM630 wants its password first."""
    model = meter("sdm630")
    write = "01 10 00 14 00 02 04 42 70 00 00"
    assert heard(model, write) == "01 90 02"
    assert heard(model, "01 10 00 18 00 02 04 44 7A 00 00") == "01 10 00 18 00 02"
    assert heard(model, write) == "01 10 00 14 00 02"
    assert heard(model, "01 04 00 00 00 02") == ""
    assert heard(model, "3C 04 00 00 00 02").startswith("3C 04 04")
    assert heard(meter(), "01 10 00 14 00 02 04 43 FA 00 00") == "01 90 03"  # 500


def test_a_pzem_is_reset_and_renamed_as_its_manual_says() -> None:
    """Frames with and without a body."""
    model = meter("pzem004t")
    model.reset(38 * WH)
    assert heard(model, "F8 04 00 05 00 02") == "F8 04 04 00 26 00 00"
    assert model.hear(spelt("01 42 80 11"), 0) == spelt("01 42 80 11")
    assert model.import_uwh == 0
    assert model.hear(spelt("01 06 00 02 00 05 E8 09"), 0) == spelt("01 06 00 02 00 05 E8 09")
    assert model.unit == 5
    assert heard(model, "05 06 00 02 00 F8") == "05 86 03"
    assert heard(model, "05 06 00 01 00 08") == "05 86 02"
    assert heard(model, "05 41 37 21") == "05 C1 01"


def test_a_total_means_what_its_mode_says() -> None:
    """Register 0156 of an SDM."""
    world = Electricity([Phase(230_000, 1_000_000)])
    model = modelled("sdm120", world)
    assert isinstance(model, Eastron)
    world.pass_time(3 * HOUR_US)
    world.phases[0].power_mw = -1_000_000
    world.pass_time(HOUR_US)
    told: list[str] = []
    for mode in (1, 2, 3):
        model.total_mode = mode
        told.append(heard(model, "01 04 01 56 00 02")[9:])
    assert told == ["40 40 00 00", "40 80 00 00", "40 00 00 00"]  # 3, 4, 2 kWh


@pytest.mark.parametrize(
    ("begun", "size"),
    [
        ("01", 0),
        ("01 04", 8),
        ("01 06 00", 8),
        ("01 10 00 14 00 02", 0),
        ("01 10 00 14 00 02 04", 13),
        ("01 42", 4),
    ],
)
def test_the_length_of_a_request_shows_in_its_beginning(begun: str, size: int) -> None:
    """A pseudo-terminal has no silence between frames."""
    assert request_size(spelt(begun)) == size
