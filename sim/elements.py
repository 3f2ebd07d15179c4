# SPDX-License-Identifier: Apache-2.0
"""Secure elements on simulated boards: the firmware's own driver over a modelled chip that holds the node's key.

Signing takes the chip's time and none of the fleet's: a signature is ready in the instant it is asked for.
"""

from typing import TYPE_CHECKING

from wattpact.element.atecc608 import ADDRESS, Atecc608
from wattpact.element.signer import Atecc608Signer

from .scenario import secret
from .world.chips.atecc608 import Atecc608Model
from .world.seeds import child

if TYPE_CHECKING:
    from wattpact.interfaces import Verifier

SLOT = 0


class Element(Atecc608Signer):
    """A Signer that remembers its chip. It has the key that the same node would hold in software."""

    def __init__(self, seed: int, name: str, verifier: "Verifier") -> None:
        self.chip = Atecc608Model(child(seed, "secure-element", name), {SLOT: secret(seed, name)})
        super().__init__(Atecc608(self.chip, self.chip.sleep_us, ADDRESS), SLOT, verifier)
