# SPDX-License-Identifier: Apache-2.0
"""A board with a secure element: the driver, the modelled chip, and what may come between them."""

from hashlib import sha256
from random import Random

from sim.world.chips.atecc608 import Atecc608Model
from wattpact.element.atecc608 import ADDRESS, Atecc608

SECRET = sha256(b"a key in a chip").digest()
DIGEST = sha256(b"a message").digest()
SIGN_US_MOST = 3_000_000
"""No call may last longer, whatever is broken."""


class Bus:
    """The I2C seam with the chip on it, listening in: opcodes of commands in order."""

    def __init__(self, model: Atecc608Model) -> None:
        self.model = model
        self.opcodes: list[int] = []

    def writeto(self, address: int, content: bytes) -> int:
        done = self.model.writeto(address, content)
        if content[0] == 3:
            self.opcodes.append(content[2])
        return done

    def readfrom(self, address: int, count: int) -> bytes:
        return self.model.readfrom(address, count)


class SlowBoard:
    """`sleep_us` of a board that is busy elsewhere once: its `call`th sleep takes `late_us` longer."""

    def __init__(self, model: Atecc608Model, call: int, late_us: int) -> None:
        self.model = model
        self.call = call
        self.late_us = late_us

    def sleep_us(self, us: int) -> None:
        self.call -= 1
        self.model.sleep_us(us + (self.late_us if self.call == 0 else 0))


def modelled(seed: int = 7, address: int = ADDRESS) -> Atecc608Model:
    """A chip as provisioning leaves it, with a key in slot 0."""
    return Atecc608Model(Random(seed), {0: SECRET}, address)


def driven(model: Atecc608Model, address: int = ADDRESS) -> Atecc608:
    """The driver on that chip's bus."""
    return Atecc608(model, model.sleep_us, address)
