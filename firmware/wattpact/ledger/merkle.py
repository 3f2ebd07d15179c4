# SPDX-License-Identifier: Apache-2.0
"""The RFC 9162 (section 2.1) tree over all transactions: roots, and proofs that a leaf is in or a tree only grew.

`Tree` keeps the hash of every full subtree, two hashes a leaf: an append and a proof each cost O(log n) hashes and
never touch a transaction again. Verifying needs nothing but the proof, so a board can do it.
"""

from ..crypto.hashes import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

EMPTY_ROOT = sha256(b"")


def leaf_hash(leaf: bytes) -> bytes:
    """Of a transaction's stored bytes; the prefix keeps leaves and nodes apart."""
    return sha256(b"\x00" + leaf)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Of two subtrees' hashes."""
    return sha256(b"\x01" + left + right)


class Tree:
    """Append-only; `levels[k]` holds the hashes of the full subtrees of 2**k leaves, left to right."""

    def __init__(self, leaf_hashes: "Iterable[bytes]" = ()) -> None:
        self._levels: "list[list[bytes]]" = [[]]
        for hashed in leaf_hashes:
            self.append_hash(hashed)

    @property
    def size(self) -> int:
        """Count of leaves."""
        return len(self._levels[0])

    def append(self, leaf: bytes) -> None:
        """Add a transaction's stored bytes."""
        self.append_hash(leaf_hash(leaf))

    def append_hash(self, hashed: bytes) -> None:
        """Add a leaf by its `leaf_hash`."""
        level = 0
        self._levels[0].append(hashed)
        while len(self._levels[level]) % 2 == 0:
            left, right = self._levels[level][-2:]
            level += 1
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(node_hash(left, right))

    def root(self, more: "Iterable[bytes]" = ()) -> bytes:
        """The root, or what it would be after the leaf hashes `more`; the tree stays as it is."""
        peaks: "list[tuple[int, bytes]]" = []
        for level in range(len(self._levels) - 1, -1, -1):
            if len(self._levels[level]) % 2:
                peaks.append((level, self._levels[level][-1]))
        for leaf in more:
            level, hashed = 0, leaf
            while peaks and peaks[-1][0] == level:
                hashed = node_hash(peaks.pop()[1], hashed)
                level += 1
            peaks.append((level, hashed))
        if not peaks:
            return EMPTY_ROOT
        root = peaks.pop()[1]
        while peaks:
            root = node_hash(peaks.pop()[1], root)
        return root

    def inclusion_proof(self, index: int, size: int) -> "list[bytes]":
        """The hashes beside the path from leaf `index` to the root of the first `size` leaves, lowest first.

        0 <= index < size <= self.size, else ValueError.
        """
        if not 0 <= index < size <= self.size:
            raise ValueError("no such leaf")
        proof: "list[bytes]" = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                proof.append(self._subtree(middle, end))
                end = middle
            else:
                proof.append(self._subtree(start, middle))
                start = middle
        proof.reverse()
        return proof

    def consistency_proof(self, first: int, second: int) -> "list[bytes]":
        """What shows that the tree of `first` leaves is the beginning of that of `second`; empty if one is trivial.

        0 <= first <= second <= self.size, else ValueError.
        """
        if not 0 <= first <= second <= self.size:
            raise ValueError("no such tree")
        proof: "list[bytes]" = []
        if first in (0, second):
            return proof
        start, end = 0, second
        whole = True  # whether the old tree's root is still the hash of what lies left of the path
        while first < end:
            middle = start + _split(end - start)
            if first <= middle:
                proof.append(self._subtree(middle, end))
                end = middle
            else:
                proof.append(self._subtree(start, middle))
                start = middle
                whole = False
        if not whole:
            proof.append(self._subtree(start, end))
        proof.reverse()
        return proof

    def _subtree(self, start: int, end: int) -> bytes:
        """Hash over the leaves [start, end); start is a multiple of the power of two that covers them."""
        width = end - start
        level = 0
        while (1 << level) < width:
            level += 1
        if width == 1 << level:
            return self._levels[level][start >> level]
        middle = start + (1 << (level - 1))
        return node_hash(self._levels[level - 1][start >> (level - 1)], self._subtree(middle, end))


def _split(width: int) -> int:
    """The greatest power of two below `width`, width > 1."""
    power = 1
    while power * 2 < width:
        power *= 2
    return power


def root(leaves: "list[bytes]") -> bytes:
    """The root over transactions given as their stored bytes."""
    return Tree([leaf_hash(leaf) for leaf in leaves]).root()


def inclusion_proof(leaves: "list[bytes]", index: int) -> "list[bytes]":
    """Proof that `leaves[index]` is in the tree over `leaves`. ValueError if there is no such leaf."""
    return Tree([leaf_hash(leaf) for leaf in leaves]).inclusion_proof(index, len(leaves))


def consistency_proof(leaves: "list[bytes]", first: int) -> "list[bytes]":
    """Proof that the tree over the `first` leaves is the beginning of that over all. ValueError if it is longer."""
    return Tree([leaf_hash(leaf) for leaf in leaves]).consistency_proof(first, len(leaves))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: "list[bytes]", root: bytes) -> bool:
    """Whether `leaf` (stored bytes) is number `index` in the tree of `size` leaves with `root` (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last = index, size - 1
    hashed = leaf_hash(leaf)
    for beside in proof:
        if last == 0:
            return False
        if place % 2 or place == last:
            hashed = node_hash(beside, hashed)
            while place % 2 == 0 and place:
                place >>= 1
                last >>= 1
        else:
            hashed = node_hash(hashed, beside)
        place >>= 1
        last >>= 1
    return last == 0 and hashed == root


def verify_consistency(
    first: int, second: int, proof: "list[bytes]", first_root: bytes, second_root: bytes
) -> bool:
    """Whether the tree of `second` leaves began as that of `first` leaves (RFC 9162 2.1.4.2)."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    place, last = first - 1, second - 1
    while place % 2:
        place >>= 1
        last >>= 1
    hashes = list(proof)
    if place:
        if not hashes:
            return False
        old = new = hashes.pop(0)
    else:  # `first` is a power of two: its root is the subtree the proof starts from
        old = new = first_root
    for beside in hashes:
        if last == 0:
            return False
        if place % 2 or place == last:
            old = node_hash(beside, old)
            new = node_hash(beside, new)
            while place % 2 == 0 and place:
                place >>= 1
                last >>= 1
        else:
            new = node_hash(new, beside)
        place >>= 1
        last >>= 1
    return last == 0 and old == first_root and new == second_root
