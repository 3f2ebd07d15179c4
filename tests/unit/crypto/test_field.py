# SPDX-License-Identifier: Apache-2.0
"""Arithmetic modulo the prime and the order, and the choice of who does it."""

import random

import pytest

from wattpact.crypto import field
from wattpact.crypto.field import N, P


@pytest.mark.parametrize("modulus", [N, P])
@pytest.mark.parametrize("value", [1, 2, 3, 1 << 128, N >> 1, P - N, N - 2, N - 1, P + 1])
def test_a_number_times_its_inverse_is_one(value: int, modulus: int) -> None:
    """Also for values above the modulus and below zero."""
    for number in (value, value + modulus, -value):
        assert field.euclid(number, modulus) == pow(number, -1, modulus)
        assert field.inverse(number, modulus) == pow(number, -1, modulus)


def test_many_are_inverted_for_the_price_of_one() -> None:
    """In their order; one alone, and none at all."""
    draw = random.Random(1)
    values = [draw.randrange(1, P) for _value in range(40)] + [1, P - 1, -5, P + 2]
    assert [inverse % P for inverse in field.inverse_all(values)] == [pow(v, -1, P) for v in values]
    assert field.inverse_all([2]) == [(P + 1) // 2]
    assert field.inverse_all([]) == []


def test_an_interpreter_without_machine_code_reduces_by_the_prime_itself() -> None:
    """CPython cannot load it, and opting in to the reduction in place changes nothing there."""
    assert field.machine is None
    assert field.modulus == P
    assert not field.reduce_in_place()
    assert field.modulus == P


class Wrong:
    """Reduces all but one number rightly."""

    def __init__(self, number: int, answer: int) -> None:
        self.number = number
        self.answer = answer

    def __rmod__(self, value: int) -> int:
        return self.answer if value == self.number else value % P


@pytest.mark.parametrize("answer", [5, -1, 1 << 256])
@pytest.mark.parametrize("number", [0, P, (P - 1) * (P - 1), -P * N])
def test_machine_code_that_is_wrong_once_is_not_used(number: int, answer: int) -> None:
    """It is tried on numbers at every edge before it is believed."""
    assert field.agrees(Wrong(1 << 600, 0))
    assert not field.agrees(Wrong(number, answer))
