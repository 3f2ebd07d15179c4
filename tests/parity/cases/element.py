# SPDX-License-Identifier: Apache-2.0
"""The driver of the secure element, given the answers that the modelled chip once gave to it on CPython."""

from binascii import hexlify, unhexlify

from tests.parity.shown import shown, vectors
from wattpact.crypto.hashes import sha256
from wattpact.crypto.signer import SoftwareVerifier, new_secret
from wattpact.element.atecc608 import ADDRESS, Atecc608
from wattpact.element.entropy import Atecc608Entropy
from wattpact.element.packet import STATUSES, crc16, decode_reply
from wattpact.element.signer import Atecc608Signer
from wattpact.errors import BusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Line:
    """The I2C seam and the clock as they were recorded; a driver that does anything else is told."""

    def __init__(self, steps: "list[list[Any]]") -> None:
        self.steps = steps
        self.at = 0

    def _next(self, given: "list[Any]") -> "list[Any]":
        step = self.steps[self.at] if self.at < len(self.steps) else []
        if step[: len(given)] != given:
            raise ValueError("step %d is %s, recorded was %s" % (self.at, given, step))
        self.at += 1
        return step

    def sleep_us(self, us: int) -> None:
        self._next(["s", us])

    def writeto(self, address: int, content: bytes) -> int:
        if not self._next(["w", address, hexlify(content).decode()])[3]:
            raise OSError("not acknowledged")
        return len(content)

    def readfrom(self, address: int, count: int) -> bytes:
        answer = unhexlify(self._next(["r", address])[2])
        if not answer:
            raise OSError("not acknowledged")
        if len(answer) != count:
            raise ValueError("%d bytes asked for, %d recorded" % (count, len(answer)))
        return answer


def perform(action: str, chip: Atecc608) -> "Iterator[bytes]":
    """The action of a case, as tools/vector_cases/element.py does it, with signatures checked in pure Python."""
    if action == "sign":
        signer = Atecc608Signer(chip, 0, SoftwareVerifier())
        yield signer.public_key
        for number in range(4):
            yield signer.sign(sha256(b"%d" % number))
    elif action == "create":
        yield chip.create_key(1)
    elif action == "random":
        yield Atecc608Entropy(chip).read(40)
    else:
        yield chip.read_config().serial


class Source:
    """Entropy in a fixed order; the first pair is no scalar."""

    def __init__(self) -> None:
        self.values = [255, 0, 5, 6]

    def read(self, count: int) -> bytes:
        return bytes((self.values.pop(0),)) * count


def lines() -> "Iterator[str]":
    """Each result and each error, and that nothing recorded is left over; then what needs no chip."""
    for case in vectors("element/exchanges"):
        line = Line(case["steps"])
        told = case["name"] + ": "
        try:
            for result in perform(case["action"], Atecc608(line, line.sleep_us, ADDRESS)):
                yield told + shown(result)
        except (BusError, OSError) as error:
            yield told + error.__class__.__name__ + " " + str(error)
        yield told + shown(line.at) + " of " + shown(len(case["steps"]))
    for status in sorted(STATUSES):
        frame = bytes((4, status))
        try:
            decode_reply(frame + crc16(frame), 64, "Sign")
        except BusError as error:
            yield str(error)
    yield shown(new_secret(Source()))
