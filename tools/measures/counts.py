# SPDX-License-Identifier: Apache-2.0
"""How many multiplications and reductions modulo a number of 256 bits a signature takes, whatever the machine."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from tools.base_table import BASE, COMMITTED_KIB, SHAPES
from tools.measures.counted import Counting
from tools.measures.figures import Figures
from tools.measures.guest.given import MESSAGES, PUBLIC, SECRET, SIGNATURES
from tools.measures.peers import CONTENDERS, IN_ITS_PLACE
from tools.measures.stage import DIGESTS, HERE, ROOT, MeasureError, Stage
from wattpact.crypto import comb, ecdsa, field, p256
from wattpact.crypto.comb import Comb, PeerCombs, build

Counts = dict[str, tuple[float, float]]
"""Multiplications and reductions by operation."""

UNITS = ("multiplications", "reductions")
MOST = {
    ("multiplications", "sign"): 460,
    ("reductions", "sign"): 412,
    ("multiplications", "verify_cached"): 940,
    ("reductions", "verify_cached"): 845,
    ("multiplications", "verify_new"): 3100,
}
"""What is promised of ours, with a comb of the base point of 16 KiB or more and one of a peer of 4 KB."""
BASES_KIB = (4, 8, 16)


def of_ours(base_kib: int = COMMITTED_KIB) -> Counts:
    """The most of any message, with a comb of the base point of that size."""
    point = p256.decode_point(PUBLIC)
    assert point is not None
    teeth, combs = SHAPES[base_kib]
    inside: Any = ecdsa
    before = inside._base, inside._peers
    inside._base = Comb(teeth, combs, build(BASE, teeth, combs))
    inside._peers = PeerCombs(0, 6)
    try:
        with Counting(field, p256, comb, ecdsa) as count:

            def most(act: Callable[[int], object]) -> tuple[int, int]:
                found = [count.of(lambda n=number: act(n)) for number in range(len(MESSAGES))]
                return max(one for one, _two in found), max(two for _one, two in found)

            def verify(number: int) -> None:
                assert ecdsa.verify(PUBLIC, DIGESTS[number], SIGNATURES[number])

            found: Counts = {
                "sign": most(lambda number: ecdsa.sign(SECRET, DIGESTS[number])),
                "public_key": most(lambda _number: ecdsa.public_key(SECRET)),
                "verify_new": most(verify),
                "build": most(lambda _number: build(point, 6, 2)),
            }
            inside._peers = PeerCombs(1, 6)
            verify(0)
            verify(0)
            found["verify_cached"] = most(verify)
            return found
    finally:
        inside._base, inside._peers = before


def of_peers(stage: Stage) -> Counts:
    """The mean of the messages, by peer and operation, in a process of its own: their names are CPython's, too."""
    folders = [*map(str, stage.folders()), str(ROOT)]
    command = [sys.executable, str(HERE / "peer_counts.py"), *folders]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MeasureError(done.stderr)
    return json.loads(done.stdout)


def tell(ours: dict[int, Counts], peers: Counts, figures: Figures) -> None:
    """`ours` is by size of the base point's comb."""
    for at, unit in enumerate(UNITS):
        head = "signatures.%s." % unit
        for name, counts in ours[COMMITTED_KIB].items():
            most = MOST.get((unit, name))
            if most is None:
                figures.add(head + name, counts[at], "each")
            else:
                figures.limit(head + name, counts[at], "each", most)
        for kib in BASES_KIB:
            for name in IN_ITS_PLACE:
                figures.add("%s%s.base_%d_kib" % (head, name, kib), ours[kib][name][at], "each")
        for name, counts in peers.items():
            figures.add(head + name, counts[at], "each")
        for name, theirs in IN_ITS_PLACE.items():
            for peer in CONTENDERS:
                cost = peers["%s.%s" % (peer, theirs)][at]
                figures.compare(head + name, ours[COMMITTED_KIB][name][at], "each", peer, cost)
