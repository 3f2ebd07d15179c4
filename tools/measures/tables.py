# SPDX-License-Identifier: Apache-2.0
"""The figures of signatures as Markdown tables, which docs/signatures.md quotes."""

from importlib.metadata import version

from tools.measures.contenders import ON_BOARD, OURS
from tools.measures.figures import Figures
from tools.measures.heap import FORMS, PROGRAMS
from tools.measures.peers import CONTENDERS, IN_ITS_PLACE

HEAD = {"sign": "sign", "verify_new": "verify, new key", "verify_cached": "verify, known key"}
BUILDS = {"official": "official build", "fixed_heap": "fixed heap"}


def tables(figures: Figures) -> str:
    """All of them."""
    told: list[str] = []
    for build, name in BUILDS.items():
        told.append(beside_peers(figures, build, name + ", us"))
    told.append(beside_peers(figures, "multiplications", "multiplications"))
    told.append(beside_peers(figures, "reductions", "reductions"))
    told.append(beside_peers(figures, "heap.taken", "bytes taken from the heap"))
    told += [by_base(figures), by_comb(figures), on_board(figures), least(figures), code(figures)]
    return "\n\n".join(told)


def beside_peers(figures: Figures, kind: str, title: str) -> str:
    """Ours, and a line for each peer with how many times ours goes into it."""
    head = "signatures.%s." % kind
    lines = [["Wattpact", *("%d" % figures.value(head + name) for name in HEAD)]]
    for peer in CONTENDERS:
        line = ["%s %s" % (peer, version(peer))]
        for name, theirs in IN_ITS_PLACE.items():
            ratio = figures.rows["%s%s.against.%s" % (head, name, peer)]["ratio"]
            cost = figures.value("%s%s.%s" % (head, peer, theirs))
            line.append("%d (%.2f x)" % (cost, ratio))
        lines.append(line)
    cost = figures.value(head + "ecdsa.verify_known")
    ratio = cost / figures.value(head + "verify_cached")
    known = "ecdsa %s, key with a table of 63 KB" % version("ecdsa")
    lines.append([known, "", "", "%d (%.2f x)" % (cost, ratio)])
    return markdown([title, *HEAD.values()], lines)


def by_base(figures: Figures) -> str:
    """What a larger comb of the base point buys."""
    lines: list[list[str]] = []
    for build, title in BUILDS.items():
        for name, of_name in HEAD.items():
            found = [
                figures.value("signatures.%s.%s%s" % (build, name, after))
                for after in (".base_4_kib", ".base_8_kib", ".base_16_kib", "")
            ]
            lines.append(["%s, %s" % (of_name, title), *("%d" % value for value in found)])
    return markdown(["us, by comb of G", "4 KiB", "8 KiB", "16 KiB", "32 KiB"], lines)


def by_comb(figures: Figures) -> str:
    """What a larger comb of a peer's key buys."""
    lines: list[list[str]] = []
    for build, title in BUILDS.items():
        found = [
            figures.value("signatures.%s.verify_cached%s" % (build, after))
            for after in (".comb_1_kb", ".comb_2_kb", "", ".comb_8_kb")
        ]
        lines.append(["verify, known key, " + title, *("%d" % value for value in found)])
    return markdown(["us, by comb of the key", "1 KB", "2 KB", "4 KB", "8 KB"], lines)


def on_board(figures: Figures) -> str:
    """In a heap in which garbage has to be collected on the way."""
    lines: list[list[str]] = []
    for one in ON_BOARD:
        of_peer = {name: IN_ITS_PLACE[name] for name in OURS}
        names = of_peer.values() if one.before else of_peer
        title = "%s, %d KiB" % (one.before.rstrip(".") or "Wattpact", one.heap_bytes >> 10)
        found = [figures.value("signatures.fixed_heap." + one.name(name)) for name in names]
        lines.append([title, *("%d" % value for value in found)])
    return markdown(["fixed heap, bytecode, comb of G 4 KiB, us", *HEAD.values()], lines)


def least(figures: Figures) -> str:
    """The least heap of programs."""
    lines: list[list[str]] = []
    rows = {**PROGRAMS, **{peer + ".sign_verify": peer + ": sign, verify" for peer in CONTENDERS}}
    for name, title in rows.items():
        found = [figures.value("signatures.heap.least.%s.%s" % (name, form)) for form in FORMS]
        lines.append([title, *("%d KiB" % (value // 1024) for value in found)])
    return markdown(["least heap", *("." + form for form in FORMS)], lines)


def code(figures: Figures) -> str:
    """What of a signature is machine code."""
    lines: list[list[str]] = []
    for title, after in (("on bytes", ""), ("in place", ".in_place")):
        names = ("reduction", "sign", "verify_new", "verify_cached")
        found = [figures.value("signatures.machine_code.%s%s" % (name, after)) for name in names]
        lines.append([title, *("%d" % value for value in found)])
    return markdown(["RV32 instructions of machine code", "reduction", *HEAD.values()], lines)


def markdown(head: list[str], lines: list[list[str]]) -> str:
    """A table; every column but the first holds numbers."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *lines])
