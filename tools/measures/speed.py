# SPDX-License-Identifier: Apache-2.0
"""How long a signature takes on MicroPython, ours beside the peers', on the official build and on a fixed heap.

Each of eight messages takes its least time of all rounds; a figure is the mean of the eight. So what else this machine
does costs nobody anything, and a nonce with few ones helps nobody. Everybody gets keys and signatures as bytes, hashes
the message, and has already made what is made once, as a table of the base point.
"""

from contextlib import ExitStack

from tools.measures import peers
from tools.measures.contenders import AMPLE, ON_BOARD, Contender
from tools.measures.figures import Figures
from tools.measures.stage import OfficialBuild, Stage, on_fixed_heap

ROUND_S = 5
"""About how long a round takes, on both builds together."""
PROMISED = {
    ("sign", "starkbank-ecdsa"): 2.1,
    ("sign", "embit"): 7.3,
    ("verify_cached", "starkbank-ecdsa"): 3.8,
    ("verify_new", "starkbank-ecdsa"): 1.3,
}
"""How many times as fast at least."""

Lines = list[str]
Times = dict[str, float]
"""Microseconds by contender and operation."""


def measure(stage: Stage, rounds: int) -> dict[str, Times]:
    """By build. In each round everybody's turn comes once."""
    everybody = (*AMPLE, *ON_BOARD)
    official: list[Lines] = [[] for _one in AMPLE]
    fixed: list[Lines] = [[] for _one in everybody]
    with ExitStack() as stack:
        machines: list[OfficialBuild] = []
        for one in AMPLE:
            machines.append(OfficialBuild(call(one, rounds), one.folders(stage)))
            stack.callback(machines[-1].close)
        for _round in range(rounds):
            for lines, machine in zip(official, machines, strict=True):
                lines.extend(machine.turn())
            for lines, one in zip(fixed, everybody, strict=True):
                lines.extend(on_fixed_heap(call(one, 1), one.folders(stage), one.heap_bytes))
    return {"official": least_times(AMPLE, official), "fixed_heap": least_times(everybody, fixed)}


def call(one: Contender, rounds: int) -> str:
    return "contest.times(%r, %r, %d)" % (one.module, one.operations, rounds)


def least_times(contenders: tuple[Contender, ...], of_each: list[Lines]) -> Times:
    """The mean over messages of the least time of each."""
    found: Times = {}
    for one, lines in zip(contenders, of_each, strict=True):
        least: dict[str, dict[str, int]] = {}
        for line in lines:
            if line != "round":
                operation, message, spent_us = line.split(" ")
                of_message = least.setdefault(operation, {})
                of_message[message] = min(int(spent_us), of_message.get(message, 1 << 62))
        for operation, times in least.items():
            found[one.name(operation)] = sum(times.values()) / len(times)
    return found


def tell(measured: dict[str, Times], figures: Figures) -> None:
    """Every contender, and ours against each peer."""
    for build, found in measured.items():
        head = "signatures.%s." % build
        for name, spent_us in found.items():
            figures.add(head + name, spent_us, "us")
        for name, in_its_place in peers.IN_ITS_PLACE.items():
            for peer in peers.CONTENDERS:
                cost_us = found["%s.%s" % (peer, in_its_place)]
                least = PROMISED.get((name, peer), 0)
                figures.compare(head + name, found[name], "us", peer, cost_us, least)
