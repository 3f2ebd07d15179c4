# SPDX-License-Identifier: Apache-2.0
"""All contracts of one meter under way: the slots, coins and money they take, and where its register stands."""

from ..units import DAY_S, money_nano
from .purchase import Purchase
from .wallet import Wallet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..wire.messages import Genesis


class Purchases:
    """Purchases by contract id, beside the wallet whose coins they lock."""

    def __init__(self, genesis: "Genesis") -> None:
        self.wallet = Wallet(genesis)
        self.register_wh = 0  # the newest known
        self._slot_s = genesis.slot_s
        self._utc_offset_s = genesis.utc_offset_s
        self._by_id: "dict[bytes, Purchase]" = {}

    def get(self, contract_id: bytes) -> "Purchase | None":
        """The purchase of that id."""
        return self._by_id.get(contract_id)

    def named(self, message_id: bytes) -> "Purchase | None":
        """The purchase whose contract or trade end has that id."""
        for purchase in self._by_id.values():
            if message_id in (purchase.contract_id, purchase.end_id):
                return purchase
        return None

    def all(self) -> "list[Purchase]":
        """Oldest first."""
        return sorted(self._by_id.values(), key=lambda p: (p.contract.start, p.contract_id))

    def plant_ids(self) -> "set[bytes]":
        """Plants with a contract under way."""
        return {purchase.plant_id for purchase in self._by_id.values()}

    def at(self, now: int) -> "Purchase | None":
        """The one that binds and delivers now, or else the one that does next."""
        for purchase in self.all():
            if purchase.binds() and now < purchase.last_slot_end:
                return purchase
        return None

    def holds(self, purchase: Purchase) -> bool:
        """Still under way."""
        return purchase.contract_id in self._by_id

    def add(self, purchase: Purchase) -> None:
        """Proposed just now: its coins are in no other proposal."""
        self._by_id[purchase.contract_id] = purchase
        self.lock(purchase)

    def remove(self, purchase: Purchase) -> None:
        """Nothing more comes of it."""
        self.release(purchase)
        del self._by_id[purchase.contract_id]

    def lock(self, purchase: Purchase) -> None:
        """Hold its coins back, if the chain may take them."""
        if purchase.pending() and not purchase.locked:
            self.wallet.lock(purchase.contract.coins)
            purchase.locked = True

    def release(self, purchase: Purchase) -> None:
        """Nothing came of it: its coins are free again."""
        self._settle(purchase, 0)

    def close(self, purchase: Purchase, settled_wh: int) -> None:
        """It is settled: coins burn or are free, and the day of delivery has cost so much."""
        contract = purchase.contract
        self._settle(purchase, settled_wh)
        self.wallet.spend(self._day(contract.start), money_nano(contract.price, settled_wh))

    def busy(self, start: int, end: int) -> bool:
        """Whether a contract has slots within [start, end), or may have: the chain takes one per slot (R46)."""
        return any([p.pending() and p.overlaps(start, end) for p in self._by_id.values()])

    def spent_nano(self, start: int) -> int:
        """What the contracts for delivery on the local day of `start` cost; those under way at most."""
        day = self._day(start)
        spent_nano = self.wallet.spent_nano(day)
        for purchase in self._by_id.values():
            contract = purchase.contract
            if purchase.binds() and self._day(contract.start) == day:
                spent_nano += money_nano(contract.price, contract.total_wh)
        return spent_nano

    def register_before(self, purchase: Purchase) -> int:
        """Where the register ended, as far as is known, with the contracts that begin before this one."""
        start = purchase.contract.start
        before = [p.register_wh for p in self._by_id.values() if p.contract.start < start]
        return max(before + [0])

    def restore(self, kept: bytes) -> None:
        """One purchase back from the store, its coins not locked yet; WireError if it is none."""
        purchase = Purchase.restore(kept, self._slot_s)
        self._by_id[purchase.contract_id] = purchase
        self.register_wh = max(self.register_wh, purchase.register_wh)

    def _settle(self, purchase: Purchase, settled_wh: int) -> None:
        if purchase.locked:
            contract = purchase.contract
            self.wallet.settle(contract.coins, settled_wh, contract.total_wh)
            purchase.locked = False

    def _day(self, time: int) -> int:
        return (time + self._utc_offset_s) // DAY_S
