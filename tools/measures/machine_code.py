# SPDX-License-Identifier: Apache-2.0
"""How many RV32 instructions the machine code of P-256 takes, in its functions and in whole signatures.

Those of the machine code itself: what the interpreter does between two reductions is not in them, and a clock is not
either. docs/signatures.md says what a board made of them.
"""

import random
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sim.rv32.file import FIRMWARE, load
from sim.rv32.machine import Identity, Machine
from sim.rv32.mpy import compiled
from tools.measures.figures import Figures
from tools.measures.guest.given import PUBLIC, SECRET, SIGNATURES
from tools.measures.stage import DIGESTS
from wattpact.crypto import ecdsa, field
from wattpact.crypto.comb import PeerCombs, build
from wattpact.crypto.field import N, P
from wattpact.crypto.p256 import decode_point

FOLD_MOST = 1000
ARCHITECTURES = ("rv32imc", "xtensawin")
TIMES = 200

inside: Any = ecdsa


class Code:
    """The machine code, and how much of it ran."""

    def __init__(self) -> None:
        self.machine = Machine(counting=True)
        self.viper = load("wattpact/crypto/viper.py", self.machine)

    def spent(self, act: Callable[[], object]) -> int:
        before = self.machine.instructions
        act()
        return self.machine.instructions - before

    def in_place(self) -> Any:
        """The modulus that writes into fresh integers."""
        names = load(
            "wattpact/crypto/inplace.py",
            self.machine,
            viper=SimpleNamespace(fold=self.viper["fold"]),
            sys=SimpleNamespace(maxsize=0x7FFFFFFF),
            uctypes=SimpleNamespace(bytearray_at=self.machine.read),
            id=Identity(self.machine),
        )
        return names["open_modulus"]()


def measure(figures: Figures) -> None:
    """Functions on random numbers, then signatures."""
    head, unit = "signatures.machine_code.", "RV32 instructions"
    code = Code()
    draw = random.Random(1)
    products = [draw.randrange(P) * draw.randrange(P) for _time in range(TIMES)]
    out = bytearray(32)
    folds = [
        code.spent(lambda n=n: code.viper["fold"](n.to_bytes(66, "little"), out, 33))
        for n in products
    ]
    figures.limit(head + "fold", max(folds), unit, FOLD_MOST)
    for name, modulus in (
        ("reduction", code.viper["Modulus"]()),
        ("reduction.in_place", code.in_place()),
    ):
        spent = [code.spent(lambda n=n, m=modulus: n % m) for n in products]
        figures.add(head + name, sum(spent) / TIMES, unit)
    for name, modulus in (("p", P), ("n", N)):
        values = [draw.randrange(1, modulus) for _time in range(TIMES)]
        spent = [code.spent(lambda v=v, m=modulus: code.viper["inverse"](v, m)) for v in values]
        figures.add(head + "inverse_mod_" + name, sum(spent) / TIMES, unit)
    for teeth, stride in ((8, 32), (6, 44)):
        bits = draw.randbytes(teeth * stride // 8)
        digits = bytearray(stride)
        spent_once = code.spent(
            lambda b=bits, d=digits, t=teeth: code.viper["gather"](d, b, t, len(d))
        )
        figures.add(head + "gather_%d_teeth" % teeth, spent_once, unit)
    for after, modulus in (("", code.viper["Modulus"]()), (".in_place", code.in_place())):
        for name, instructions in of_signatures(code, modulus).items():
            figures.add(head + name + after, instructions, unit)
    for architecture in ARCHITECTURES:
        for file in ("viper", "inplace"):
            with tempfile.TemporaryDirectory() as folder:
                source = FIRMWARE / "wattpact" / "crypto" / (file + ".py")
                size = len(compiled(source, Path(folder), architecture, "-O2"))
            figures.add("%s%s.mpy.%s" % (head, file, architecture), size, "bytes")


def of_signatures(code: Code, modulus: Any) -> dict[str, int]:
    """Instructions of one operation each, with the committed comb of the base point."""
    point = decode_point(PUBLIC)
    assert point is not None

    def verify() -> None:
        assert ecdsa.verify(PUBLIC, DIGESTS[0], SIGNATURES[0])

    with underneath(SimpleNamespace(**code.viper), modulus):
        found = {
            "sign": code.spent(lambda: ecdsa.sign(SECRET, DIGESTS[0])),
            "build": code.spent(lambda: build(point, 6, 2)),
        }
        for name, most in (("verify_new", 0), ("verify_cached", 1)):
            inside._peers = PeerCombs(most, 6)
            verify()
            verify()
            found[name] = code.spent(verify)
        return found


@contextmanager
def underneath(machine: Any, modulus: Any) -> Generator[None]:
    """What a board would load stands in the modules, and afterwards what was there before."""
    before = field.machine, field.modulus, inside._peers
    field.machine, field.modulus = machine, modulus
    try:
        yield
    finally:
        field.machine, field.modulus, inside._peers = before
