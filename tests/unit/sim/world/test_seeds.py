# SPDX-License-Identifier: Apache-2.0
"""A child generator depends on its path and on nothing else."""

import os
import subprocess
import sys

from sim.world.seeds import child

_PRINT = "from sim.world.seeds import child; print(child(7, 'load', 'home-3').getrandbits(64))"


def test_a_path_gives_the_same_numbers_on_every_machine() -> None:
    """The first draws of one path are fixed for ever: results already published stay reproducible."""
    rng = child(7, "load", "home-3")
    assert [rng.randrange(1000) for _ in range(5)] == [825, 117, 512, 78, 430]


def test_the_hash_seed_of_the_process_has_no_say() -> None:
    """Two processes with different PYTHONHASHSEED draw the same."""
    draws = {
        subprocess.run(
            [sys.executable, "-c", _PRINT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(draws) == 1


def test_different_paths_draw_differently() -> None:
    """Seed, names, their number, their borders and their type all count."""
    paths: list[tuple[int, tuple[str | int, ...]]] = [
        (7, ("load", "a")), (8, ("load", "a")), (7, ("load", "b")), (7, ("loada",)), (7, ("lo", "ada")),
        (7, ("load",)), (7, ("load", "a", "")), (7, ("load", 1)), (7, ("load", "1")), (-7, ("load", "a")),
    ]  # fmt: skip
    assert len({child(seed, *names).getrandbits(64) for seed, names in paths}) == len(paths)
