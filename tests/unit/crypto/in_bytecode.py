# SPDX-License-Identifier: Apache-2.0
"""viper.py and inplace.py as bytecode on the real MicroPython VM, which has 16-bit digits too but no viper.

A parity case, copied to where the VM looks for one; it yields a line for each thing that went wrong, and "done". What
machine code does with an address is done here through uctypes: the integers that change are the VM's own.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

DECORATOR = "@micropython.viper\n"
# Bytes of what each parameter points to, or 0 for a number.
POINTERS = {"fold": (2, 2, 0), "_quotients": (2, 4), "_combine": (2, 4), "gather": (1, 1, 0, 0)}
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Place:
    """What viper does with a pointer to items of `size` bytes."""

    def __init__(self, place: "Any", size: int) -> None:
        if type(place) is int:
            place = __import__("uctypes").bytearray_at(place, 66)
        self.place = place
        self.size = size

    def __getitem__(self, index: int) -> int:
        at = index * self.size
        return int.from_bytes(self.place[at : at + self.size], "little")

    def __setitem__(self, index: int, value: int) -> None:
        at = index * self.size
        value %= 1 << 8 * self.size
        self.place[at : at + self.size] = value.to_bytes(self.size, "little")


def ptr16(place: "Any") -> Place:
    return Place(place, 2)


def ptr32(place: "Any") -> Place:
    return Place(place, 4)


def pointing(function: "Any", sizes: "tuple[int, ...]") -> "Any":
    """The function as viper would call it."""

    def called(*given: "Any") -> "Any":
        return function(*[Place(it, size) if size else it for it, size in zip(given, sizes)])

    return called


def board(name: str, names: "dict[str, Any]") -> "dict[str, Any]":
    """What the file defines, without its decorators, with `names` for what it would import."""
    with open("firmware/wattpact/crypto/%s.py" % name) as source:  # noqa: PTH123 - the VM has no pathlib
        text = source.read()
    for line in ("    " + DECORATOR, DECORATOR, "from .viper import fold\n"):
        text = text.replace(line, "")
    names["uint"] = int
    text = text.replace("from ..compat", "from wattpact.compat")
    exec(text.replace("from .field", "from wattpact.crypto.field"), names)
    for function, sizes in POINTERS.items():
        if function in names and name == "viper":
            names[function] = pointing(names[function], sizes)
    return names


def lines() -> "Iterator[str]":
    viper = board("viper", {})
    p = viper["P"]
    names = {"P": p, "fold": viper["fold"], "ptr16": ptr16, "ptr32": ptr32}
    changing = board("inplace", names)["open_modulus"]()
    for modulus in (viper["Modulus"](), changing):
        same = 0
        x, y = p - 2, (1 << 256) - 1
        for turn in range(60):
            value = x * x - y * (1 - (turn & 2))
            expected = value % p
            address = id(value)
            rest = value % modulus
            if rest % p != expected or not 0 <= rest < 1 << 256:
                yield "wrong: %d %% p is not %d" % (value, rest)
            same += id(rest) == address
            x, y = y, rest
        if (same > 40) != (modulus is changing):
            yield "%d of 60 were reduced in place" % same
        for value in (0, 1, -1, (1 << 517) - 1, -(1 << 517) + 1, p << 4, 5 - (p << 260)):
            if ((value + 0) % modulus - value) % p:
                yield "wrong: %d" % value
    for value in (1, 2, p - 1, 1 << 200, (1 << 255) // 3, p // 7):
        for prime in (p, N):
            if viper["inverse"](value, prime) * value % prime != 1:
                yield "no inverse: %d" % value
    yield "done"
