# SPDX-License-Identifier: Apache-2.0
"""The RFC 9162 tree against the RFC's own recursive definitions, and every proof that must fail."""

import hashlib

import pytest

from wattpact.ledger.merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [b"leaf %d" % index for index in range(40)]


def split(count: int) -> int:
    """k: the largest power of two smaller than count."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def mth(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162 2.1.1."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 9162 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162 2.1.4.1."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


@pytest.mark.parametrize("size", range(len(LEAVES) + 1))
def test_root_and_inclusion_proofs_are_the_rfcs(size: int) -> None:
    """For every leaf of every size; and each proof verifies."""
    leaves = LEAVES[:size]
    head = root(leaves)
    assert head == mth(leaves)
    for index in range(size):
        proof = inclusion_proof(leaves, index)
        assert proof == path(index, leaves)
        assert verify_inclusion(leaves[index], index, size, proof, head)


@pytest.mark.parametrize("second", range(1, len(LEAVES) + 1))
def test_consistency_proofs_are_the_rfcs(second: int) -> None:
    """For every smaller tree; and each proof verifies."""
    leaves = LEAVES[:second]
    head = root(leaves)
    for first in range(1, second + 1):
        proof = consistency_proof(leaves, first)
        assert proof == subproof(first, leaves, True)
        assert verify_consistency(first, second, proof, root(leaves[:first]), head)


def test_anything_else_does_not_verify_as_inclusion() -> None:
    """Another leaf, place, size or root; a proof cut, longer, in another order, or with a bit turned."""
    size, index = 21, 16
    leaves = LEAVES[:size]
    head, proof = root(leaves), inclusion_proof(leaves, index)
    good = (leaves[index], index, size, proof, head)
    assert verify_inclusion(*good)
    turned = [bytes([proof[0][0] ^ 1]) + proof[0][1:], *proof[1:]]
    for place, wrong in (
        (0, leaves[0]),
        (1, index + 1),
        (1, -1),
        (1, size),
        (2, index),
        (2, 2 * size),
        (3, proof[:-1]),
        (3, [*proof, proof[0]]),
        (3, proof[::-1]),
        (3, turned),
        (3, []),
        (4, root(leaves[:-1])),
    ):
        arguments = [*good[:place], wrong, *good[place + 1 :]]
        assert not verify_inclusion(*arguments), (place, wrong)  # pyright: ignore[reportArgumentType]  # wrong on purpose


@pytest.mark.parametrize(("first", "second"), [(8, 21), (13, 21), (20, 21), (16, 32)])
def test_anything_else_does_not_verify_as_consistency(first: int, second: int) -> None:
    """Other sizes or roots, a rewritten leaf, or a spoiled proof."""
    leaves = LEAVES[:second]
    old, new = root(leaves[:first]), root(leaves)
    proof = consistency_proof(leaves, first)
    assert verify_consistency(first, second, proof, old, new)
    rewritten = [b"other", *leaves[1:]]
    assert not verify_consistency(
        first, second, consistency_proof(rewritten, first), old, root(rewritten)
    )
    for sizes in ((first + 1, second), (first, first), (second, first), (0, second), (-1, second)):
        assert not verify_consistency(*sizes, proof, old, new)
    for wrong in (proof[:-1], [*proof, old], proof[1:], [], [*proof[:-1], old]):
        assert not verify_consistency(first, second, wrong, old, new)
    assert not verify_consistency(first, second, proof, new, new)
    assert not verify_consistency(first, second, proof, old, old)


def test_trivial_proofs_are_empty_and_still_compare_roots() -> None:
    """Nothing is the beginning of everything, and a tree is its own."""
    head = root(LEAVES)
    assert consistency_proof(LEAVES, 0) == consistency_proof(LEAVES, 40) == []
    assert verify_consistency(0, 40, [], EMPTY_ROOT, head)
    assert verify_consistency(40, 40, [], head, head)
    assert not verify_consistency(0, 40, [], head, head)
    assert not verify_consistency(40, 40, [], head, EMPTY_ROOT)
    assert not verify_consistency(0, 40, [head], EMPTY_ROOT, head)


def test_a_tree_answers_for_every_size_it_had() -> None:
    """Appending one by one, without building anything again."""
    tree = Tree()
    for leaf in LEAVES:
        tree.append(leaf)
    for size in range(len(LEAVES) + 1):
        for first in range(size + 1):
            assert tree.consistency_proof(first, size) == consistency_proof(LEAVES[:size], first)
        for index in range(size):
            assert tree.inclusion_proof(index, size) == path(index, LEAVES[:size])


def test_the_root_after_more_leaves_is_told_without_appending_them() -> None:
    """What finalize needs before commit."""
    tree = Tree([leaf_hash(leaf) for leaf in LEAVES[:11]])
    for size in range(11, len(LEAVES)):
        assert tree.root([leaf_hash(leaf) for leaf in LEAVES[11:size]]) == mth(LEAVES[:size])
    assert (tree.size, tree.root()) == (11, mth(LEAVES[:11]))


def test_proofs_of_what_is_not_there_are_the_callers_mistake() -> None:
    """A leaf or a tree beyond the end."""
    tree = Tree([leaf_hash(leaf) for leaf in LEAVES[:3]])
    for index, size in ((3, 3), (-1, 3), (0, 4)):
        with pytest.raises(ValueError, match="no such leaf"):
            tree.inclusion_proof(index, size)
    for first, second in ((-1, 3), (2, 1), (0, 4)):
        with pytest.raises(ValueError, match="no such tree"):
            tree.consistency_proof(first, second)
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_proof([], 0)
