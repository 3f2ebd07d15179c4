# SPDX-License-Identifier: Apache-2.0
"""Who is measured, each in a VM of its own, and whether what it does is right at all."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tools.base_table import COMMITTED_KIB
from tools.measures.guest.given import MESSAGES, PUBLIC
from tools.measures.stage import (
    MeasureError,
    Stage,
    compiled,
    on_fixed_heap,
    on_official_build,
)
from wattpact.crypto import ecdsa
from wattpact.crypto.hashes import sha256

AMPLE_KIB = 4096
"""Of the fixed heap: nobody's operation fills it, so no time has a collection of garbage in it."""


class Contender:
    """A module of guest/ and what it is to do; its figures are called `before` + operation + `after`."""

    def __init__(
        self,
        module: str,
        operations: tuple[str, ...],
        before: str = "",
        after: str = "",
        base_kib: int = COMMITTED_KIB,
        heap_kib: int = AMPLE_KIB,
    ) -> None:
        self.module = module
        self.operations = operations
        self.before = before
        self.after = after
        self.base_kib = base_kib
        self.heap_bytes = heap_kib * 1024
        # As on a board: bytecode, in a heap in which garbage is collected on the way.
        self.on_board = heap_kib < AMPLE_KIB

    def folders(self, stage: Stage) -> list[Path]:
        folders = stage.folders(self.base_kib)
        return [compiled(folder) for folder in folders] if self.on_board else folders

    def name(self, operation: str) -> str:
        return self.before + operation + self.after


OURS = ("sign", "verify_new", "verify_cached")
PEERS = ("sign", "verify")
AMPLE = (
    Contender("ours", (*OURS, "build")),
    Contender("starkbank", PEERS, "starkbank-ecdsa."),
    Contender("python_ecdsa", PEERS, "ecdsa."),
    Contender("python_ecdsa", ("verify_known",), "ecdsa."),
    Contender("embit_on_p256", PEERS, "embit."),
    *(Contender("ours", OURS, "", ".base_%d_kib" % kib, kib) for kib in (4, 8, 16)),
    *(Contender("ours", ("verify_cached.comb_%d_kb" % kb,)) for kb in (1, 2, 8)),
)
ON_BOARD = tuple(
    one
    for kib in (64, 128)
    for one in (
        Contender("ours", OURS, "", ".heap_%d_kib" % kib, 4, kib),
        Contender("embit_on_p256", PEERS, "embit.", ".heap_%d_kib" % kib, 4, kib),
    )
)
"""The other peers need more than that."""


def check(stage: Stage) -> None:
    """MeasureError unless each signs for everybody, accepts what is right and refuses what is not, on either build."""
    for module in sorted({one.module for one in AMPLE}):
        call = "contest.verdicts(%r)" % module
        folders = stage.folders()
        for lines in (
            on_official_build(call, folders),
            on_fixed_heap(call, folders, AMPLE_KIB * 1024),
        ):
            if [right(line) for line in lines] != [True] * (2 * len(MESSAGES)):
                raise MeasureError("%s does not do what it should" % module)


def right(line: str) -> bool:
    """Whether the signature is right that a line tells, or the verdict."""
    kind, message, word = line.split(" ")
    if kind == "signature":
        return accepted(MESSAGES[int(message)].encode(), bytes.fromhex(word))
    return word == "True"


def accepted(message: bytes, signature: bytes) -> bool:
    """Whether ours and OpenSSL take it."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), PUBLIC)
    try:
        point.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return ecdsa.verify(PUBLIC, sha256(message), signature)
