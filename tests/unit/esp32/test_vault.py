# SPDX-License-Identifier: Apache-2.0
"""Keys and counts lie in NVS, durable when written, bounded."""

import pytest
from esp32 import NVS

from wattpact.esp32.vault import NAMESPACE, TRADING_KEY, VALUE_MAX, Vault


def vault() -> Vault:
    """As after a start: what was not committed is gone."""
    return Vault(NVS(NAMESPACE))


def test_what_was_written_is_there_after_a_power_cut() -> None:
    """And what never was is nothing."""
    assert vault().read(TRADING_KEY) == b""
    vault().write(TRADING_KEY, bytes(range(32)))
    assert vault().read(TRADING_KEY) == bytes(range(32))


@pytest.mark.parametrize(("name", "size"), [("", 1), ("x" * 16, 1), ("x", VALUE_MAX + 1)])
def test_names_and_values_are_bounded(name: str, size: int) -> None:
    """NVS would refuse them with a number."""
    with pytest.raises(ValueError, match="too long for NVS") as raised:
        vault().write(name, b"\x5a" * size)
    assert "5a" not in str(raised.value)


def test_boots_are_counted_over_power_cuts() -> None:
    """The session's presence needs a number that only grows."""
    assert [vault().count_boot() for _ in range(3)] == [1, 2, 3]


def test_time_is_kept_over_power_cuts() -> None:
    """Beyond 2038, which NVS's own integers do not reach."""
    assert vault().time() == 0
    vault().keep_time(1 << 33)
    assert vault().time() == 1 << 33
