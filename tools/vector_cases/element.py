# SPDX-License-Identifier: Apache-2.0
"""What passes on the bus between the driver and a modelled chip, byte for byte and wait for wait.

The model needs CPython and OpenSSL; what it said is kept, so that a board's interpreter can be given the same answers.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from host.keys import OpensslVerifier
from sim.world.chips.atecc608 import LOCK_CONFIG, LOCK_DATA, REVISION_508A, Atecc608Model
from wattpact.crypto.hashes import sha256
from wattpact.element.atecc608 import ADDRESS, Atecc608
from wattpact.element.entropy import Atecc608Entropy
from wattpact.element.signer import Atecc608Signer
from wattpact.errors import BusError

from .form import Case
from .story import secret

DIGESTS = [sha256(b"%d" % number) for number in range(4)]


class Recorder:
    """The I2C seam and the clock, with every call kept: [s, us], [w, address, hex, acknowledged], [r, address, hex]."""

    def __init__(self, model: Atecc608Model) -> None:
        self.model = model
        self.steps: list[list[Any]] = []

    def sleep_us(self, us: int) -> None:
        self.model.sleep_us(us)
        self.steps.append(["s", us])

    def writeto(self, address: int, content: bytes) -> int:
        try:
            done = self.model.writeto(address, content)
        except OSError:
            self.steps.append(["w", address, content.hex(), False])
            raise
        self.steps.append(["w", address, content.hex(), True])
        return done

    def readfrom(self, address: int, count: int) -> bytes:
        try:
            answer = self.model.readfrom(address, count)
        except OSError:
            self.steps.append(["r", address, ""])
            raise
        self.steps.append(["r", address, answer.hex()])
        return answer


def perform(action: str, chip: Atecc608) -> Iterator[bytes]:
    """One action of a case, as the driver's users would do it."""
    if action == "sign":
        signer = Atecc608Signer(chip, 0, OpensslVerifier())
        yield signer.public_key
        for digest in DIGESTS:
            yield signer.sign(digest)
    elif action == "create":
        yield chip.create_key(1)
    elif action == "random":
        yield Atecc608Entropy(chip).read(40)
    else:
        yield chip.read_config().serial


def _healthy(model: Atecc608Model) -> None:
    pass


def _dead(model: Atecc608Model) -> None:
    model.faults.dead = True


def _spoiled(model: Atecc608Model) -> None:
    model.faults.spoiled_answers = 2
    model.faults.spoiled_commands = 1


def _restarting(model: Atecc608Model) -> None:
    model.faults.restarts = 1000


def _faulty(model: Atecc608Model) -> None:
    model.faults.ecc_faults = 1000


def _open_config(model: Atecc608Model) -> None:
    model.config[LOCK_CONFIG] = 0x55


def _open_data(model: Atecc608Model) -> None:
    model.config[LOCK_DATA] = 0x55


def _older(model: Atecc608Model) -> None:
    model.revision = REVISION_508A


def _hurried(model: Atecc608Model) -> None:
    model.watchdog_us = 200_000


WORLDS: tuple[tuple[str, str, Callable[[Atecc608Model], None]], ...] = (
    ("who it is", "serial", _healthy),
    ("four signatures", "sign", _healthy),
    ("a new key", "create", _healthy),
    ("random bytes", "random", _healthy),
    ("no chip", "serial", _dead),
    ("a disturbed line", "serial", _spoiled),
    ("another chip", "serial", _older),
    ("a failing supply", "random", _restarting),
    ("failing computation", "sign", _faulty),
    ("an impatient watchdog", "sign", _hurried),
    ("random bytes of an open configuration", "random", _open_config),
    ("a key for an open data zone", "create", _open_data),
    ("a signature with an open data zone", "sign", _open_data),
)


def cases() -> "list[Case]":
    """`action` on the chip gives `results`, after which it may end in `error`; `steps` is all that passed on the bus.

    A step is ["s", us] for a wait, ["w", address, hex, whether acknowledged] or ["r", address, hex or "" for none].
    """
    made: list[Case] = []
    for number, (name, action, prepare) in enumerate(WORLDS):
        model = Atecc608Model(Random(number), {0: secret("chip")})
        prepare(model)
        recorder = Recorder(model)
        results: list[str] = []
        error = ""
        try:
            for result in perform(action, Atecc608(recorder, recorder.sleep_us, ADDRESS)):
                results.append(result.hex())
        except (BusError, OSError) as fault:
            error = str(fault)
        made.append(
            {
                "name": name,
                "action": action,
                "results": results,
                "error": error,
                "steps": recorder.steps,
                "ok": not error,
            }
        )
    return made
