# SPDX-License-Identifier: Apache-2.0
"""The numbers of P-256 (SP 800-186, 3.2.1.3) and arithmetic modulo its prime, by the fastest way this interpreter has.

Formulas of the curve are written `expression % modulus`. That modulus is the prime itself or, where the port runs
machine code, an object whose `%` gives a congruent number r with 0 <= r < 2**256: below p only after another `% P`.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Protocol

    class Modulus(Protocol):
        """The prime, or whatever reduces by it faster."""

        def __rmod__(self, __value: int) -> int:
            """A number congruent to the value, for -p * 2**260 < value < 2**516."""
            ...


P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
HALF_N = N >> 1

_PROBES = (
    0,
    1,
    P - 1,
    P,
    P + 1,
    (1 << 256) - 1,
    (1 << 512) - 1,
    (P - 1) * (P - 1),
    N * N,
    -1,
    -P * N,
)


# No MicroPython, or something else of that name; no emitter; an .mpy for another processor; no room for machine code.
_NOT_HERE = (ImportError, AttributeError, SyntaxError, ValueError, MemoryError)


def euclid(value: int, modulus: int) -> int:
    """1/value mod a prime `modulus`: `pow(value, -1, modulus)` is silently 0 on MicroPython.

    Needs value % modulus != 0. The number of steps depends on the value: a secret one is blinded first.
    """
    divide = divmod  # a name of the function's own is found faster than a built-in one
    high, low = modulus, value % modulus
    before, after = 0, 1
    while True:
        quotient, high = divide(high, low)
        before -= quotient * after
        if not high:
            return after % modulus
        quotient, low = divide(low, high)
        after -= quotient * before
        if not low:
            return before % modulus


def inverse(value: int, modulus: int) -> int:
    """As `euclid`, in machine code where there is any."""
    return euclid(value, modulus) if machine is None else machine.inverse(value, modulus)


def inverse_all(values: "list[int]") -> "list[int]":
    """1/value mod p of each, for the price of one inversion; none may be 0 mod p."""
    p = modulus
    before: "list[int]" = []
    product = 1
    for value in values:
        before.append(product)
        product = product * value % p
    rest = inverse(product, P)
    for index in range(len(values) - 1, -1, -1):
        before[index] = rest * before[index] % p
        rest = rest * values[index] % p
    return before


def agrees(candidate: "Modulus") -> bool:
    """Whether it reduces numbers at every edge as the prime does."""
    for value in _PROBES:
        # A product is a fresh integer, and the candidate in place writes into it.
        reduced = value * 1 % candidate
        if not 0 <= reduced < 1 << 256 or (reduced - value) % P:
            return False
    return True


def reduce_in_place() -> bool:
    """Opt in to the reduction that writes into fresh integers; False, and nothing changed, if this port's do not fit.

    It is faster still and knows how MicroPython lays an integer out in memory; docs/signatures.md says when to use it.
    """
    global modulus
    try:
        from . import inplace

        candidate: "Modulus" = inplace.open_modulus()
    except _NOT_HERE:
        return False
    if not agrees(candidate):
        return False
    modulus = candidate
    return True


def _load() -> "tuple[ModuleType | None, Modulus]":
    """The machine code and its modulus; None and the prime where it does not load or is wrong."""
    try:
        from . import viper

        candidate: "Modulus" = viper.Modulus()
    except _NOT_HERE:
        return None, P
    if not agrees(candidate) or viper.inverse(HALF_N, P) != euclid(HALF_N, P):
        return None, P
    return viper, candidate


machine: "ModuleType | None"
modulus: "Modulus"
machine, modulus = _load()
