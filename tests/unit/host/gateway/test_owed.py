# SPDX-License-Identifier: Apache-2.0
"""What a block owes, from the chain alone, is what the desk said when it was made."""

from pathlib import Path

import pytest

from host.errors import HostError
from host.gateway.memory import Memory
from host.gateway.owed import owed
from tests.unit.host.town import Town, kid_of, signer, trading_day
from wattpact.node.effects import Publish
from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import Award, Stored, parse


def test_whoever_waits_for_a_block_is_told_of_it(tmp_path: Path) -> None:
    """Signers and parties hear STORED, meters get their awards, everybody hears of revocations."""
    town = Town(tmp_path / "chain.db")
    trading_day(town)
    told: dict[bytes, set[bytes]] = {}
    awarded: set[bytes] = set()
    revoked = 0
    for height in range(1, town.ledger.height + 1):
        for effect in owed(
            signer("sequencer"), town.network, height, town.store.block_transactions(height)
        ):
            if isinstance(effect, Publish):
                revoked += effect.kind == "revoke"
                continue
            message = parse(peek_payload(effect.payload))
            if isinstance(message, Award):
                awarded |= {row[1] for row in message.awards} & {effect.to}
            elif isinstance(message, Stored):
                assert message.height == height
                told.setdefault(effect.to, set()).update(message.ids)
    for deal in town.ledger.contracts():
        assert deal.id in told[deal.terms.meter]
        assert deal.id in told[deal.terms.plant]
    assert awarded == {each[1] for each in town.ledger.awards()}
    assert revoked == 1
    assert kid_of("anna") in awarded
    recorded = [row[3] for row in town.store.transactions()]
    awards = sum(1 for row in town.store.transactions() if _is_award(row[4]))
    everything = {each for ids in told.values() for each in ids}
    assert len(everything) == len(recorded) - awards
    town.close()


def _is_award(stored: bytes) -> bool:
    return stored[:1] == b"\xd2" and isinstance(parse(peek_payload(stored)), Award)


def test_the_transactions_of_a_block_are_those_of_its_height(tmp_path: Path) -> None:
    """In their order; of a height that is not there none."""
    town = Town(tmp_path / "chain.db")
    trading_day(town)
    by_height: dict[int, list[bytes]] = {}
    for _position, height, _time, _id, stored, _code in town.store.transactions():
        by_height.setdefault(height, []).append(stored)
    for height in range(town.ledger.height + 2):
        assert town.store.block_transactions(height) == by_height.get(height, [])
    town.close()


def test_starts_are_counted_and_the_height_is_kept(tmp_path: Path) -> None:
    """Without a file nothing is owed; with a chain that is behind it, no more than the chain has."""
    path = tmp_path / "gateway.json"
    assert Memory.load(path, 7) == Memory(1, 7)
    Memory(1, 9).keep(path)
    assert Memory.load(path, 20) == Memory(2, 9)
    assert Memory.load(path, 5) == Memory(3, 5)


def test_a_damaged_file_is_said_to_be_one(tmp_path: Path) -> None:
    """Its name and what to do stand in the complaint."""
    path = tmp_path / "gateway.json"
    path.write_text("{")
    with pytest.raises(HostError, match=r"gateway\.json: cannot be read: delete it"):
        Memory.load(path, 0)
