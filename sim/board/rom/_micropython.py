# SPDX-License-Identifier: Apache-2.0
"""`micropython` with a `kbd_intr` that a board's line hears of."""

import micropython
from outside import call


class Module:
    """What differs; the rest is the VM's."""

    def kbd_intr(self, chr):
        call("kbd_intr", chr)

    def __getattr__(self, name):
        return getattr(micropython, name)


module = Module()
