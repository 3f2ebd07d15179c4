# SPDX-License-Identifier: Apache-2.0
"""What a meter has to spend: its coin lots as far as it knows them (C8), and what a day's contracts have cost.

The ledger has the last word on coins (R50, R51). A board keeps at most LOTS_MAX lots; more are still on the chain.
"""

from ..compat import const
from ..units import PPM, TIME_MAX, UG_SUM_MAX
from ..wire import codec
from ..wire.kinds import Array, Raw, Row, UInt
from ..wire.message import ID, TIME, UG
from ..wire.messages import COINS_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..wire.messages import Genesis

LOTS_MAX = const(64)
UG_PER_G = const(1000000)
KEPT = Row(
    ("taken", Raw(0, 32)),
    ("day", UInt(TIME_MAX)),
    ("spent_nano", UInt(UG_SUM_MAX)),
    ("lots", Array(Row(("trade_end_id", ID), ("ug", UG), ("expires", TIME)), LOTS_MAX)),
)


class Lot:
    """Coins of one trade end: `ug` left, `locked` of them in open contracts."""

    def __init__(self, trade_end_id: bytes, ug: int, expires: int) -> None:
        self.trade_end_id = trade_end_id
        self.ug = ug
        self.locked = 0
        self.expires = expires


class Wallet:
    """Lots, oldest first by (expiry, id), the order in which R50 wants them listed."""

    def __init__(self, genesis: "Genesis") -> None:
        self._rate = genesis.coin_nano_per_g
        self._cap_ppm = genesis.coin_cap_ppm
        self._lots: "list[Lot]" = []
        self._day = 0
        self._spent_nano = 0
        self.taken = b""
        """Trade end of the award taken last: kept with its lot, so that no award is taken twice."""

    def add(self, trade_end_id: bytes, ug: int, expires: int) -> None:
        """A lot awarded. Known lots and empty ones change nothing but the award taken last."""
        self.taken = trade_end_id
        if ug and len(self._lots) < LOTS_MAX and self._lot(trade_end_id) is None:
            self._lots.append(Lot(trade_end_id, ug, expires))
            self._lots.sort(key=lambda lot: (lot.expires, lot.trade_end_id))

    def pick(self, amount_nano: int, until: int) -> "list[tuple[bytes, int]]":
        """Coins for a contract of `amount_nano` recorded by `until`: oldest first, no more than the cap can use."""
        picked: "list[tuple[bytes, int]]" = []
        if not self._rate:
            return picked
        wanted_ug = amount_nano * self._cap_ppm // PPM * UG_PER_G // self._rate
        for lot in self._lots:
            ug = min(lot.ug - lot.locked, wanted_ug)
            if ug > 0 and lot.expires > until and len(picked) < COINS_MAX:
                picked.append((lot.trade_end_id, ug))
                wanted_ug -= ug
        return picked

    def lock(self, coins: "list[tuple[bytes, int]]") -> None:
        """The coins are in a proposal that may be recorded."""
        for trade_end_id, ug in coins:
            lot = self._lot(trade_end_id)
            if lot:
                lot.locked += ug

    def settle(self, coins: "list[tuple[bytes, int]]", settled_wh: int, contracted_wh: int) -> None:
        """Locked coins burn in proportion to settlement, oldest first, and the rest is free, as in the ledger.

        `settled_wh` 0 releases everything.
        """
        burned = sum([ug for _lot, ug in coins]) * settled_wh // contracted_wh
        for trade_end_id, ug in coins:
            lot = self._lot(trade_end_id)
            gone = min(ug, burned)
            burned -= gone
            if lot:
                lot.locked -= ug
                lot.ug -= gone
                if lot.ug <= 0:
                    self._lots.remove(lot)

    def distrust(self, coins: "list[tuple[bytes, int]]") -> None:
        """The chain says that these are not ours to spend (R50, R51): spend their lots no more."""
        refused = [trade_end_id for trade_end_id, _ug in coins]
        self._lots = [lot for lot in self._lots if lot.trade_end_id not in refused]

    def expire(self, now: int) -> None:
        """Forget lots past their expiry that no open contract holds."""
        self._lots = [lot for lot in self._lots if lot.expires > now or lot.locked]

    def free_ug(self) -> int:
        """What may still be spent."""
        return sum([lot.ug - lot.locked for lot in self._lots])

    def spend(self, day: int, nano: int) -> None:
        """A contract for delivery on local day `day` has cost `nano`; days before the newest count no more."""
        if day > self._day:
            self._day, self._spent_nano = day, 0
        if day == self._day:
            self._spent_nano += nano

    def spent_nano(self, day: int) -> int:
        """What settled contracts of that day have cost, discounts not counted."""
        return self._spent_nano if day == self._day else 0

    def keep(self) -> bytes:
        """What a power cut must not take; locks follow from the open contracts."""
        lots = [[lot.trade_end_id, lot.ug, lot.expires] for lot in self._lots]
        return codec.encode([self.taken, self._day, self._spent_nano, lots])

    def restore(self, kept: bytes) -> None:
        """Inverse of `keep`, nothing locked; WireError if the store gives back something else."""
        values = KEPT.check(codec.decode(kept), "kept wallet")
        self.taken, self._day, self._spent_nano = values[:3]
        self._lots = [Lot(trade_end_id, ug, expires) for trade_end_id, ug, expires in values[3]]

    def _lot(self, trade_end_id: bytes) -> "Lot | None":
        for lot in self._lots:
            if lot.trade_end_id == trade_end_id:
                return lot
        return None
