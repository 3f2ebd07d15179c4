# SPDX-License-Identifier: Apache-2.0
"""Where meters that give float32 keep what, and in which unit. No code: docs/metering.md has the sources.

Addresses as on the wire (from 0). Blocks hold just the registers that are used: what a meter answers for others is
undocumented. A value is a float32 in two registers, high word first.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    Block = tuple[int, int]  # first address, number of registers
    PhaseMap = tuple[int, int, int, int]  # voltage, current, active power, power factor


class Layout:
    """One family's map; scales turn a value into mV, mA, mW, ppm, mHz."""

    def __init__(
        self,
        function: int,
        blocks: "tuple[Block, ...]",
        phases: "tuple[PhaseMap, ...]",
        power: int,
        frequency: int,
        energy: "tuple[int, int]",
        scales: "tuple[int, int, int, int, int]",
        ratios: "Block | None" = None,
    ) -> None:
        """`power` is the total's address, `energy` those of import and export in kWh.

        `ratios` are 16-bit registers of transformer ratios that must read 1 and 10 (tenths).
        """
        self.function = function
        self.blocks = blocks
        self.phases = phases
        self.power = power
        self.frequency = frequency
        self.energy = energy
        self.voltage_scale, self.current_scale, self.power_scale = scales[:3]
        self.factor_scale, self.frequency_scale = scales[3:]
        self.ratios = ratios


_V_A_W = (1000, 1000, 1000, 1000000, 1000)  # V, A, W, 1, Hz

# Eastron. Energy: 0048 and 004A, never 0156, which is a total of either or both.
EASTRON_1P = Layout(
    4,
    ((0x00, 2), (0x06, 2), (0x0C, 2), (0x1E, 2), (0x46, 6)),
    ((0x00, 0x06, 0x0C, 0x1E),),
    0x0C,
    0x46,
    (0x48, 0x4A),
    _V_A_W,
)
EASTRON_3P = Layout(
    4,
    ((0x00, 18), (0x1E, 6), (0x34, 2), (0x46, 6)),
    ((0x00, 0x06, 0x0C, 0x1E), (0x02, 0x08, 0x0E, 0x20), (0x04, 0x0A, 0x10, 0x22)),
    0x34,
    0x46,
    (0x48, 0x4A),
    _V_A_W,
)


def dtsu666(import_kwh: int, export_kwh: int) -> Layout:
    """Chint DTSU666, whose energy has moved between editions of its manual. Tenths of V and W, mA, mHz * 10."""
    return Layout(
        3,
        ((0x2006, 20), (0x202C, 6), (0x2044, 2), (import_kwh, 2), (export_kwh, 2)),
        (
            (0x2006, 0x200C, 0x2014, 0x202C),
            (0x2008, 0x200E, 0x2016, 0x202E),
            (0x200A, 0x2010, 0x2018, 0x2030),
        ),
        0x2012,
        0x2044,
        (import_kwh, export_kwh),
        (100, 1, 100, 1000, 10),
        (0x0006, 2),
    )


DDSU666 = Layout(
    4,
    ((0x2000, 6), (0x200A, 2), (0x200E, 2), (0x4000, 2), (0x400A, 2)),
    ((0x2000, 0x2002, 0x2004, 0x200A),),
    0x2004,
    0x200E,
    (0x4000, 0x400A),
    (1000, 1000, 1000000, 1000000, 1000),  # V, A, kW, 1, Hz
)
