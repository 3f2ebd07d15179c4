# SPDX-License-Identifier: Apache-2.0
"""Whole signatures with a board's machine code underneath, run instruction by instruction: the same bytes and verdicts.

The curve's formulas are the ones that run everywhere; what reduces, inverts and gathers digits is RV32 code, for the
reduction in place on objects as MicroPython lays them out.
"""

from types import SimpleNamespace
from typing import Any

import pytest

from sim.rv32.file import load
from sim.rv32.machine import Identity, Machine
from tests.vectors.reading import cases
from wattpact.crypto import ecdsa, field
from wattpact.crypto.base_table import COMBS, TEETH
from wattpact.crypto.comb import PeerCombs
from wattpact.crypto.field import P

SIGNED: list[Any] = [case.values[0] for case in cases("crypto/sign.json") if case.values[0]["ok"]]
JUDGED: list[Any] = [case.values[0] for case in cases("crypto/verify.json")]
NAMES = ("public_key", "digest", "signature")
HARD = ("halves", "above n", "mod p", "u1 is 0", "u2 is n - 1", "x is 0", "next to p", "low s")
PEER_TEETH = 4
MEETING = "combs %d x %d and %d x 2, two by two" % (TEETH, COMBS, PEER_TEETH)


def on_bytes() -> tuple[Any, Any]:
    """What field.py takes by default on a board."""
    viper = load("wattpact/crypto/viper.py")
    return SimpleNamespace(**viper), viper["Modulus"]()


def in_place() -> tuple[Any, Any]:
    """What it takes when it is asked for."""
    machine = Machine()
    viper = load("wattpact/crypto/viper.py", machine)
    names = load(
        "wattpact/crypto/inplace.py",
        machine,
        viper=SimpleNamespace(fold=viper["fold"]),
        sys=SimpleNamespace(maxsize=0x7FFFFFFF),
        uctypes=SimpleNamespace(bytearray_at=machine.read),
        id=Identity(machine),
    )
    return SimpleNamespace(**viper), names["open_modulus"]()


@pytest.fixture(params=[on_bytes, in_place])
def underneath(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine code instead of plain integers."""
    machine, modulus = request.param()
    assert field.agrees(modulus)
    monkeypatch.setattr(field, "machine", machine)
    monkeypatch.setattr(field, "modulus", modulus)
    monkeypatch.setattr(ecdsa, "_peers", PeerCombs(2, PEER_TEETH))


@pytest.mark.usefixtures("underneath")
def test_secrets_sign_as_the_vectors_say() -> None:
    """Also those at which a comb meets itself: a zero may then be p."""
    for case in SIGNED:
        secret, digest = bytes.fromhex(case["secret"]), bytes.fromhex(case["digest"])
        assert ecdsa.public_key(secret).hex() == case["public_key"], case["name"]
        assert ecdsa.sign(secret, digest).hex() == case["signature"], case["name"]


@pytest.mark.usefixtures("underneath")
def test_signatures_are_judged_as_the_vectors_say() -> None:
    """Where it is hard; with a comb of the key where its sum meets an entry of the base's."""
    for case in JUDGED:
        key, digest, signature = (bytes.fromhex(case[name]) for name in NAMES)
        if MEETING in case["name"]:
            verdicts = [ecdsa.verify(key, digest, signature) for _time in range(3)]
            assert verdicts == [case["ok"]] * 3, case["name"]
        elif any(word in case["name"] for word in HARD):
            assert ecdsa.verify(key, digest, signature) is case["ok"], case["name"]


def test_the_plain_path_has_no_part_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without their machine code these tests would fail: it does reduce, invert and gather."""
    machine, modulus = on_bytes()
    monkeypatch.setattr(field, "machine", machine)
    monkeypatch.setattr(field, "modulus", modulus)
    called: set[str] = set()

    def watched(name: str, plain: Any) -> Any:
        def run(*given: Any) -> Any:
            called.add(name)
            return plain(*given)

        return run

    for name in ("inverse", "gather"):
        monkeypatch.setattr(machine, name, watched(name, getattr(machine, name)))

    def rmod(_self: object, value: int) -> int:
        called.add("%")
        return value % P

    monkeypatch.setattr(modulus.__class__, "__rmod__", rmod)
    case = SIGNED[0]
    ecdsa.sign(bytes.fromhex(case["secret"]), bytes.fromhex(case["digest"]))
    assert called == {"inverse", "gather", "%"}
