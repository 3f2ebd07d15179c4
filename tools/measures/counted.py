# SPDX-License-Identifier: Apache-2.0
"""Multiplications and reductions of field elements, counted while the code that needs them runs on CPython.

A number of more than 200 bits is taken for an element, one of more than 400 for a product of two. Code is made to work
with `Counted` by its module's globals: what it calls `int` there, and every large number that stands there.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

ELEMENT = 1 << 200
PRODUCT = 1 << 400


class Count:
    """Of what was done so far."""

    multiplications = 0
    reductions = 0

    def of(self, action: Callable[[], object]) -> tuple[int, int]:
        """Multiplications and reductions of one call."""
        self.multiplications = self.reductions = 0
        action()
        return self.multiplications, self.reductions


COUNT = Count()


def note_product(left: int, right: int) -> None:
    if abs(int(left)) >= ELEMENT and abs(int(right)) >= ELEMENT:
        COUNT.multiplications += 1


def note_reduction(value: int, modulus: int) -> None:
    if abs(int(value)) >= PRODUCT and abs(int(modulus)) >= ELEMENT:
        COUNT.reductions += 1


class Counted(int):
    """An integer whose results are of its kind."""

    def __mul__(self, other: object) -> "Counted":
        if not isinstance(other, int):  # a point, which knows what to do
            return NotImplemented
        note_product(self, other)
        return Counted(int(self) * int(other))

    __rmul__ = __mul__

    def __mod__(self, other: int) -> "Counted":
        note_reduction(self, other)
        return Counted(int(self) % int(other))

    def __rmod__(self, other: int) -> "Counted":
        note_reduction(other, self)
        return Counted(int(other) % int(self))

    def __pow__(self, exponent: int, modulus: int | None = None) -> "Counted":  # pyright: ignore[reportIncompatibleMethodOverride]  # only what is used
        """By squaring, as MicroPython does; only positive exponents are counted."""
        if exponent < 1:
            return Counted(pow(int(self), exponent, modulus))
        result = Counted(1)
        for bit in f"{exponent:b}":
            for factor in (result, self)[: 1 + int(bit)]:
                result *= factor
                if modulus is not None:
                    result %= modulus
        return result


def _same_kind(name: str) -> None:
    """Give `Counted` the operator of that name, counting nothing."""
    of_int: Callable[..., Any] = getattr(int, name)

    def operate(self: Counted, *others: int) -> Any:
        result = of_int(self, *others)
        return Counted(result) if type(result) is int else result

    setattr(Counted, name, operate)


for _name in ("add", "sub", "floordiv", "and", "or", "xor", "lshift", "rshift"):
    _same_kind("__%s__" % _name)
    _same_kind("__r%s__" % _name)
for _name in ("neg", "abs"):
    _same_kind("__%s__" % _name)


class Counting:
    """While it is entered, `modules` compute with `Counted` numbers, and what they hold is changed to such.

    Objects of their classes are changed themselves, for good.
    """

    def __init__(self, *modules: ModuleType) -> None:
        self._modules = modules
        self._before: list[dict[str, Any]] = []
        self._names = {module.__name__ for module in modules}

    def __enter__(self) -> Count:
        for module in self._modules:
            names = vars(module)
            self._before.append(dict(names))
            for name, value in list(names.items()):
                names[name] = self._counted(value)
            names["int"] = Counted
        return COUNT

    def __exit__(self, *error: object) -> None:
        for module, before in zip(self._modules, self._before, strict=True):
            if "int" not in before:
                del vars(module)["int"]
            vars(module).update(before)
        self._before.clear()

    def _counted(self, value: Any) -> Any:
        kind: Any = value.__class__
        if kind is int:
            return Counted(value) if abs(value) >= ELEMENT else value
        if value == int.from_bytes:
            return Counted.from_bytes
        if kind.__name__ in ("tuple", "list"):
            return kind(self._counted(item) for item in value)
        if kind.__module__ in self._names:
            self._count_parts(value)
        return value

    def _count_parts(self, thing: object) -> None:
        for name, part in list(vars(thing).items()):
            setattr(thing, name, self._counted(part))
