# SPDX-License-Identifier: Apache-2.0
"""Random bytes of a chip, or an OSError: nothing stands in for them."""

import pytest

from sim.world.chips.atecc608 import CONSTANT, LOCK_CONFIG, LOCK_DATA, Atecc608Model
from tests.unit.element.fitted import driven, modelled
from wattpact.crypto.signer import new_secret
from wattpact.element.entropy import COUNT_MAX, Atecc608Entropy


def entropy(model: Atecc608Model) -> Atecc608Entropy:
    return Atecc608Entropy(driven(model))


def refused(model: Atecc608Model) -> str:
    with pytest.raises(OSError) as caught:
        entropy(model).read(32)
    assert not model.awake
    return str(caught.value)


@pytest.mark.parametrize("count", [1, 31, 32, 33, 64, COUNT_MAX])
def test_as_many_bytes_as_asked_for_in_one_wake(count: int) -> None:
    """The most that may be asked for fits the shortest watchdog."""
    model = modelled()
    assert len(entropy(model).read(count)) == count
    assert model.wakes == 1
    assert not model.awake


def test_no_two_reads_are_alike() -> None:
    """Fresh blocks each time."""
    source = entropy(modelled())
    assert len({source.read(32) for _ in range(20)}) == 20


def test_a_chip_whose_configuration_is_open_gives_no_entropy() -> None:
    """It answers FFFF0000 for ever: well framed, and known to everybody."""
    model = modelled()
    model.config[LOCK_CONFIG] = 0x55
    assert "configuration zone is not locked: random numbers are a constant" in refused(model)


def test_the_constant_is_refused_even_where_the_lock_byte_says_locked() -> None:
    """Two looks at one fact: the byte, and what comes out."""

    class Lying(Atecc608Model):
        def _random(self, mode: int, param: int, payload: bytes) -> bytes | int:
            return CONSTANT

    model = Lying(modelled()._rng, {})
    assert "generator is stuck" in refused(model)


def test_a_generator_that_repeats_itself_is_refused() -> None:
    """The same block twice in one read."""
    model = modelled()
    model.faults.stuck_random = True
    with pytest.raises(OSError, match="generator is stuck"):
        entropy(model).read(64)
    with pytest.raises(OSError, match="stuck"):
        new_secret(entropy(model))


@pytest.mark.parametrize("fault", ["dead", "busy"])
def test_a_chip_that_does_not_answer_is_an_oserror(fault: str) -> None:
    """As the seam says: then the node does not start."""
    model = modelled()
    setattr(model.faults, fault, True)
    with pytest.raises(OSError, match="answer"):
        entropy(model).read(32)


def test_a_disturbed_line_is_tried_again() -> None:
    """And gives what the chip drew, not what was heard."""
    model = modelled()
    model.faults.spoiled_answers = 3
    assert len(entropy(model).read(32)) == 32
    model.faults.spoiled_answers = 1000
    assert "wrong CRC" in refused(model)


@pytest.mark.parametrize("count", [0, -1, COUNT_MAX + 1])
def test_a_count_that_cannot_be_is_our_mistake(count: int) -> None:
    """More would outlast the watchdog."""
    with pytest.raises(ValueError, match="1 to 512"):
        entropy(modelled()).read(count)


def test_an_open_data_zone_does_not_matter_to_random_numbers() -> None:
    """Provisioning draws from the chip before it locks the data."""
    model = modelled()
    model.config[LOCK_DATA] = 0x55
    assert len(entropy(model).read(32)) == 32
