# SPDX-License-Identifier: Apache-2.0
"""How a test asks what the ledger thinks of a transaction: both ways must agree, and a refusal leaves nothing."""

from tools.vector_cases.ledger_world import World


def refusal(world: World, stored: bytes, at: int = 0) -> int:
    """The rule that refuses `stored`, by check and by finalize alike; nothing of it is in the block."""
    if at:
        world.run(at=at)  # what falls due by then is not the transaction's doing
    ledger = world.ledger
    without = ledger.finalize(ledger.height + 1, world.now, [])
    done = ledger.finalize(ledger.height + 1, world.now, [stored])
    code = done.codes[0]
    if code in (0, 32, 33):
        raise AssertionError("accepted with code %d" % code)
    assert ledger.check(stored, world.now) == code
    assert (done.app_hash, done.root, done.size) == (without.app_hash, without.root, without.size)
    assert done.writes == without.writes
    return code


def accept(world: World, stored: bytes, at: int = 0) -> None:
    """`stored` is recorded with code 0, and check had said so."""
    if at:
        world.run(at=at)
    assert world.ledger.check(stored, world.now) == 0
    size = world.ledger.tree.size
    assert world.run(stored) == [0]
    assert world.ledger.tree.size == size + 1
