# SPDX-License-Identifier: Apache-2.0
"""The ledger as a machine in the shape of ABCI: check, finalize, commit, and questions about the committed state.

Blocks go in, codes and an app hash come out, the same on every replica and interpreter. Nothing of a block is
visible before `commit`; a refused transaction leaves no trace. No clock, no storage: the host has both.
"""

from ..errors import RuleError
from ..wire.messages import (
    AWARD,
    CONTRACT,
    FACTORS,
    GENERATION,
    OFFER,
    REGISTER,
    REVOKE,
    TRADE_END,
)
from . import award, life, rules, settlement
from .merkle import Tree, leaf_hash
from .state import (
    ACCOUNT,
    BOOK,
    CLOSING,
    DUE,
    PLANT,
    SHORT,
    TX,
    WAITING,
    Account,
    Book,
    Closing,
    Evidence,
    Lot,
    Node,
    OfferHistory,
    Panel,
    Plant,
    Progress,
    State,
    Terms,
    Totals,
    Writes,
    chain_hash,
    place_of,
    time_key,
)
from .view import Parsed, Signatures, Transaction, View, found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Iterator

    from ..interfaces import Verifier
    from .state import Row


class Finalized:
    """What a block gives, transaction by transaction and in all.

    `codes` are 0 for recorded, 32 and 33 for recorded as evidence, else the rule that refused. `ids` are b"" for what
    is not well formed. `size` and `root` are the tree's after the block. `writes` are the rows to store, as
    (key, CBOR or None for a deletion), keys ascending.
    """

    def __init__(
        self, height: int, time: int, codes: "list[int]", ids: "list[bytes]", leaves: "list[bytes]"
    ) -> None:
        self.height = height
        self.time = time
        self.codes = codes
        self.ids = ids
        self.leaves = leaves  # hashes of what was recorded
        self.app_hash = b""
        self.size = 0
        self.root = b""
        self.writes: "list[Row]" = []


class Deal:
    """A contract as it stands at the last block. `state` is one of life.py; `closing` is None until it is settled."""

    def __init__(
        self,
        contract_id: bytes,
        terms: Terms,
        progress: Progress,
        closing: "Closing | None",
        time: int,
    ) -> None:
        self.id = contract_id
        self.terms = terms
        self.progress = progress
        self.closing = closing
        started = progress.state == life.RECORDED and time >= terms.start
        self.state = life.advance(life.RECORDED, life.START) if started else progress.state


class Ledger:
    """One replica's state machine. `height`, `time`, `app_hash` and `tree` are those of the last committed block."""

    def __init__(
        self, genesis_envelope: bytes, verifier: "Verifier", parsed: "Parsed | None" = None
    ) -> None:
        """At height 0. RuleError 9 if the envelope founds no network."""
        self._charter = found(genesis_envelope, verifier)
        self._state = State()
        self._signatures = Signatures(verifier)
        self._parsed = parsed or Parsed()
        self._pending: "tuple[Finalized, Writes] | None" = None
        self.genesis = self._charter.genesis
        self.network = self._charter.network
        self.height = 0
        self.time = self.genesis.created_at
        self.app_hash = self._charter.hash
        self.tree = Tree()

    # ---- blocks

    def check(self, stored: bytes, time: int) -> int:
        """What a block at `time` would say of this transaction alone: 0, 32 or 33 (evidence), or the rule refusing it.

        Advice for a mempool: work that falls due before that block is not done.
        """
        try:
            tx = self._parsed.get(stored)
            return _judge(self._view(Writes(self._state), max(time, self.time)), tx)
        except RuleError as error:
            return error.rule

    def finalize(self, height: int, time: int, stored: "list[bytes]") -> Finalized:
        """Execute a block; a second call before `commit` forgets the first. RuleError 1 or 2 if it does not follow."""
        if height != self.height + 1:
            raise RuleError(1, "height %d after %d" % (height, self.height))
        if time < self.time:
            raise RuleError(2, "time %d before %d" % (time, self.time))
        writes = Writes(self._state)
        view = self._view(writes, time)
        due = self._state.keys(DUE)
        settlement.run_due(view, due[: place_of(due, DUE + time_key(time + 1))])
        self._verify_together(stored)
        codes: "list[int]" = []
        ids: "list[bytes]" = []
        leaves: "list[bytes]" = []
        for each in stored:
            tx_id, code = b"", 0
            try:
                tx = self._parsed.get(each)
                tx_id = tx.id
                code = _judge(view, tx)
                _apply(view, tx, code)
                leaves.append(leaf_hash(each))
            except RuleError as error:
                code = error.rule
            codes.append(code)
            ids.append(tx_id)
        done = Finalized(height, time, codes, ids, leaves)
        done.size = self.tree.size + len(leaves)
        done.root = self.tree.root(leaves)
        done.writes = writes.encoded()
        done.app_hash = chain_hash(self.app_hash, height, time, done.writes)
        self._pending = (done, writes)
        return done

    def commit(self) -> None:
        """Make the block finalized last the state. ValueError if there is none."""
        if self._pending is None:
            raise ValueError("nothing finalized")
        done, writes = self._pending
        self._pending = None
        self._state.commit(writes.rows)
        for hashed in done.leaves:
            self.tree.append_hash(hashed)
        self.height, self.time, self.app_hash = done.height, done.time, done.app_hash

    def due_at(self) -> "int | None":
        """The earliest time at which a block without transactions would change something; None: never."""
        due = self._state.keys(DUE)
        return int.from_bytes(due[0][1:6], "big") if due else None

    def rows(self) -> "Iterator[tuple[bytes, bytes]]":
        """The whole state as (key, CBOR), keys ascending."""
        return self._state.rows()

    def restore(
        self,
        rows: "Iterable[tuple[bytes, bytes]]",
        height: int,
        time: int,
        app_hash: bytes,
        stored: "Iterable[bytes]",
    ) -> None:
        """Stand where a replica stood, without executing anything: its rows, and all transactions in order.

        Whoever does not trust the rows re-executes instead.
        """
        self._state.restore(rows)
        self.tree = Tree([leaf_hash(each) for each in stored])
        self.height, self.time, self.app_hash = height, time, app_hash
        self._pending = None

    def _view(self, writes: Writes, time: int) -> View:
        return View(self._charter, writes, self.height + 1, time, self._signatures)

    def _verify_together(self, stored: "list[bytes]") -> None:
        """Ask the verifier once for all that signers known before the block have signed in it.

        Whoever the block itself registers is asked for singly, in turn.
        """
        items: "list[tuple[bytes, bytes, bytes]]" = []
        for each in stored:
            try:
                tx = self._parsed.get(each)
            except RuleError:
                continue
            signed = [(tx.digest, tx.signature, tx.kid)]
            if tx.acceptance:
                signed.append(tx.acceptance)
            for digest, signature, kid in signed:
                node = Node.find(self._state, kid)
                if node:
                    items.append((node.public_key, digest, signature))
        self._signatures.verify(items)

    # ---- questions

    def node(self, kid: bytes) -> "Node | None":
        """A registered key."""
        return Node.find(self._state, kid)

    def plant(self, plant_id: bytes) -> "Plant | None":
        """A registered plant id."""
        return Plant.find(self._state, plant_id)

    def plants(self) -> "list[bytes]":
        """Every registered plant id, ascending."""
        return [key[1:] for key in self._state.keys(PLANT)]

    def panel(self, panel_id: bytes) -> "Panel | None":
        """A registered panel."""
        return Panel.find(self._state, panel_id)

    def contract(self, contract_id: bytes) -> "Deal | None":
        """A recorded contract."""
        row = self._state.get(TX + contract_id)
        if row is None or row[0] != CONTRACT:
            return None
        return Deal(
            contract_id,
            Terms(*row),
            Progress.read(self._state, contract_id),
            Closing.find(self._state, contract_id),
            self.time,
        )

    def contract_of(self, trade_end_id: bytes) -> "bytes | None":
        """The id of the contract that a recorded trade end ended."""
        row = self._state.get(TX + trade_end_id)
        return row[1] if row is not None and row[0] == TRADE_END else None

    def contracts(self) -> "Iterator[Deal]":
        """Every recorded contract, by id."""
        for key in self._state.keys(TX):
            deal = self.contract(key[1:])
            if deal:
                yield deal

    def panel_slot(self, panel_id: bytes, slot: int) -> Book:
        """Sums of one panel in one slot; zeros and `generated` -1 where nothing is known."""
        return Book.read(self._state, panel_id + time_key(slot))

    def panel_slots(self) -> "Iterator[tuple[bytes, int, Book]]":
        """(panel id, slot, sums) of everything contracted or generated."""
        for key in self._state.keys(BOOK):
            slot = int.from_bytes(key[9:], "big")
            yield key[1:9], slot, self.panel_slot(key[1:9], slot)

    def account(self, kid: bytes) -> Account:
        """Money of one node; zeros where nothing was posted."""
        return Account.read(self._state, kid)

    def accounts(self) -> "Iterator[tuple[bytes, Account]]":
        """(kid, account) of everybody who has one."""
        for key in self._state.keys(ACCOUNT):
            yield key[1:], self.account(key[1:])

    def balance(self, kid: bytes) -> int:
        """All postings of one node, nano-currency: negative is a debt."""
        return self.account(kid).balance_nano

    def lots(self, kid: bytes) -> "list[tuple[bytes, Lot]]":
        """(trade end id, lot) of one meter's coins that have not expired, oldest first as R50 wants them."""
        found_lots: "list[tuple[int, bytes, Lot]]" = []
        lot_id = self.account(kid).last_lot
        while lot_id:
            lot = Lot.read(self._state, lot_id)
            if lot.expires > self.time:
                found_lots.append((lot.expires, lot_id, lot))
            lot_id = lot.previous
        found_lots.sort(key=lambda each: each[:2])
        return [(lot_id, lot) for _expires, lot_id, lot in found_lots]

    def totals(self) -> Totals:
        """Sums over everything so far; coins in balance are issued - spent - expired, locked ones included."""
        return Totals.read(self._state, b"")

    def awardable(self) -> "list[bytes]":
        """Trade ends that wait for their award, in the order of settlement."""
        return [self._state.get(key) for key in self._state.keys(WAITING)]

    def derive_award(self, trade_end_id: bytes) -> "tuple[Any, ...]":
        """The AWARD row for a trade end, before or after it was awarded. ValueError if it earns none."""
        contract_id = self.contract_of(trade_end_id)
        if contract_id is None:
            raise ValueError("no such trade end")
        return award.derive_award(self._view(Writes(self._state), self.time), contract_id)

    def awards(self) -> "Iterator[tuple[Any, ...]]":
        """The AWARD row of every trade end that got its award, by contract id."""
        for key in self._state.keys(CLOSING):
            closing = Closing.read(self._state, key[1:])
            if closing.award and self._state.get(award.waiting_key(closing)) is None:
                yield self.derive_award(Progress.read(self._state, key[1:]).end_id)

    def shortfalls(self, plant_id: bytes, since: int) -> "list[tuple[int, int]]":
        """(start, duration_s) of the settled slots in which the plant's panels owed energy, if not over by `since`.

        Ascending; slots that touch are joined.
        """
        slot_s = self.genesis.slot_s
        low: "list[tuple[int, int]]" = []
        slot = self._state.get(SHORT + plant_id)
        while slot is not None and slot >= 0 and slot + slot_s > since:
            if low and low[-1][0] == slot + slot_s:
                low[-1] = (slot, low[-1][1] + slot_s)
            else:
                low.append((slot, slot_s))
            slot = self._state.get(SHORT + plant_id + time_key(slot))[1]
        low.reverse()
        return low

    def evidence(self, plant_id: bytes) -> "list[tuple[bytes, Evidence]]":
        """(offer id, evidence) against a plant, oldest first."""
        against: "list[tuple[bytes, Evidence]]" = []
        offer_id = OfferHistory.read(self._state, plant_id).evidence
        while offer_id:
            each = Evidence.read(self._state, offer_id)
            against.append((offer_id, each))
            offer_id = each.previous
        against.reverse()
        return against


_CHECKS = {
    REGISTER: rules.check_register,
    REVOKE: rules.check_revoke,
    FACTORS: rules.check_factors,
    OFFER: rules.check_offer,
    CONTRACT: rules.check_contract,
    GENERATION: settlement.check_generation,
    TRADE_END: settlement.check_trade_end,
    AWARD: award.check_award,
}
_APPLIES = {
    REGISTER: rules.apply_register,
    REVOKE: rules.apply_revoke,
    FACTORS: rules.apply_factors,
    OFFER: rules.apply_offer,
    CONTRACT: rules.apply_contract,
    GENERATION: settlement.apply_generation,
    TRADE_END: settlement.apply_trade_end,
    AWARD: award.apply_award,
}


def _judge(view: View, tx: Transaction) -> int:
    """0, 32 or 33; RuleError for a refusal."""
    rules.check_any(view, tx)
    return _CHECKS[tx.message.TYPE](view, tx) or 0


def _apply(view: View, tx: Transaction, code: int) -> None:
    """Write what a transaction that passed means; its TX row keeps it from coming again (R16)."""
    view.rows.put(TX + tx.id, [tx.message.TYPE])
    if code:
        rules.apply_evidence(view, tx, code)
    else:
        _APPLIES[tx.message.TYPE](view, tx)
