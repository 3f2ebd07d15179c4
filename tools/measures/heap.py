# SPDX-License-Identifier: Apache-2.0
"""What a signature takes from a board's heap, and the least heap that it fits in.

The least heap is that of a program which does nothing else. A board loads modules as bytecode (.mpy); from source (.py)
they are compiled on the board, which takes more for a while. The comb of the base point has 4 KiB there and stands in
the heap; in a frozen image it would not.
"""

from pathlib import Path

from sim.vm.least_heap import least_heap
from tools.measures import peers
from tools.measures.contenders import AMPLE
from tools.measures.figures import Figures
from tools.measures.guest.given import MESSAGES, PUBLIC, SECRET, SIGNATURES
from tools.measures.stage import DIGESTS, Stage, compiled, on_fixed_heap

AMPLE_BYTES = 32 << 20
"""Nothing is collected in such a heap, so all that is taken can be seen."""
SIGN_BYTES_MOST = 170_000
HEAP_BYTES = 48 * 1024
"""Promised to be enough for a program that signs, verifies, and knows a peer with its comb."""
BASE_KIB = 4
FORMS = ("mpy", "py")
PROGRAMS = {
    "import": "import",
    "sign": "sign",
    "sign_verify": "sign, verify",
    "sign_verify_comb": "sign, verify, and a peer with its comb",
}

Bytes = dict[str, float]


def allocated(stage: Stage) -> tuple[Bytes, Bytes]:
    """Bytes that an operation takes, the mean of later calls, and bytes that the first call keeps."""
    taken: Bytes = {}
    kept: Bytes = {}
    for one in AMPLE:
        call = "allocated.lines(%r, %r)" % (one.module, one.operations)
        of_name: dict[str, list[int]] = {}
        for line in on_fixed_heap(call, one.folders(stage), AMPLE_BYTES):
            operation, which, taken_bytes, kept_bytes = line.split(" ")
            name = one.name(operation)
            if which == "first":
                kept[name] = int(kept_bytes)
                taken["first_" + name] = int(taken_bytes)
            else:
                of_name.setdefault(name, []).append(int(taken_bytes))
        for name, found in of_name.items():
            taken[name] = sum(found) / len(found)
    return taken, kept


def program(name: str) -> str:
    """The source of that name. It says END when all that it asserts was so."""
    sign = "assert ecdsa.sign(%r, %r)\n" % (SECRET, DIGESTS[0])
    verify = "assert ecdsa.verify(%r, %r, %r)\n" % (PUBLIC, DIGESTS[0], SIGNATURES[0])
    known = "assert len(ecdsa._peers._combs) == 1\n"
    bodies = {
        "import": "",
        "sign": sign,
        "sign_verify": sign + verify,
        "sign_verify_comb": sign + 3 * verify + known,
    }
    return "from wattpact.crypto import ecdsa\n%sprint('END')\n" % bodies[name]


def peer_program(module: str) -> str:
    """Sign and verify once."""
    arguments = SECRET, MESSAGES[0], PUBLIC, MESSAGES[0], SIGNATURES[0]
    return (
        "import %s as peer\nassert peer.sign(%r, %r)\nassert peer.verify(%r, %r, %r)\nprint('END')\n"
        % (module, *arguments)
    )


def folders(stage: Stage, form: str) -> dict[str, Path]:
    """By their names in the VM."""
    found = stage.folders(BASE_KIB)
    if form == "mpy":
        found = [compiled(folder) for folder in found]
    return {"/" + folder.name: folder for folder in found}


def least_heaps(stage: Stage) -> Bytes:
    """By program and form."""
    found: Bytes = {}
    for form in FORMS:
        named = folders(stage, form)
        for name in PROGRAMS:
            found["%s.%s" % (name, form)] = least_heap(program(name), 4096, 1 << 20, named)
        for peer, module in peers.CONTENDERS.items():
            source = peer_program(module)
            found["%s.sign_verify.%s" % (peer, form)] = least_heap(source, 4096, 1 << 20, named)
    return found


def tell(taken: Bytes, kept: Bytes, least: Bytes, figures: Figures) -> None:
    """What is promised, then all the rest."""
    head = "signatures.heap."
    figures.limit(head + "taken.sign", taken["sign"], "bytes", SIGN_BYTES_MOST)
    known = "least.sign_verify_comb.mpy"
    figures.limit(head + known, least["sign_verify_comb.mpy"], "bytes", HEAP_BYTES)
    for kind, found in (("taken", taken), ("kept", kept), ("least", least)):
        for name, value in found.items():
            full = "%s%s.%s" % (head, kind, name)
            if full not in figures.rows:
                figures.add(full, value, "bytes")
    for name, theirs in peers.IN_ITS_PLACE.items():
        for peer in peers.CONTENDERS:
            cost = taken["%s.%s" % (peer, theirs)]
            figures.compare(head + "taken." + name, taken[name], "bytes", peer, cost)
    for peer in peers.CONTENDERS:
        cost = least[peer + ".sign_verify.mpy"]
        figures.compare(
            head + "least.sign_verify.mpy", least["sign_verify.mpy"], "bytes", peer, cost
        )
