# SPDX-License-Identifier: Apache-2.0
"""The power fails after every single effect of a trade, once each: nothing is lost, nothing happens twice."""

from typing import Any

import pytest

from host.genesis import Terms
from tests.trade.board import Board
from tests.trade.world import FIRST, ROUND, World
from wattpact.ledger import life

TERMS = Terms(settle_s=1_800)  # so that the second contract after an award is under way soon
END = (
    FIRST + 2 * ROUND + 120
)  # two rounds are over, one is awarded, the third is paid in part with coins
SETTLED = END + ROUND + 1_800  # nothing is open any more if nobody trades on


class Town:
    """A seller and a buyer, one of whom may lose power."""

    def __init__(self, roof: bool, who: str, cut_after: int, again: bool = True) -> None:
        self.world = World(TERMS)
        if roof:
            self.seller = self.world.add_prosumer("roof")
            self.buyer = self.world.add_meter("anna", hears=["roof"])
        else:
            self.seller = self.world.add_plant("sunny")
            self.buyer = self.world.add_meter("anna", hears=["sunny"])
        self.board: Board = self.seller if who == "seller" else self.buyer
        self.first = self.board.performed + 1
        self.board.cut_after = cut_after
        self.board.comes_again = again

    def outcome(self) -> dict[str, Any]:
        """What it came to, on the chain and on the boards."""
        deals = sorted(self.world.ledger.contracts(), key=lambda deal: deal.terms.start)
        wallet = self.buyer.meter.buying.wallet
        return {
            "contracts": [(deal.id, deal.state) for deal in deals],
            "settled": [deal.closing.wh for deal in deals if deal.closing],
            "certificates": sorted(key for key in self.buyer.flash if key[:1] == b"k"),
            "coins": (wallet.keep(), wallet.free_ug()),
            "lots": [
                (lot_id, lot.free_ug) for lot_id, lot in self.world.ledger.lots(self.buyer.kid)
            ],
            "spent": self.buyer.meter.buying.under_way.spent_nano(END),
            "evidence": self.world.ledger.evidence(self.seller.core.member.register.plant_id),
            "waiting": [each.core.member.outbox.wake_at() for each in (self.seller, self.buyer)],
        }


@pytest.mark.parametrize(("roof", "who"), [(False, "seller"), (False, "buyer"), (True, "seller")])
def test_a_trade_survives_a_power_cut_after_any_of_its_effects(who: str, roof: bool) -> None:
    """What was under way comes again, as a broker sees to: the same contracts, coins and certificates as without."""
    calm = Town(roof, who, 0)
    calm.world.run_until(END)
    expected = calm.outcome()
    assert [state for _id, state in expected["contracts"]] == [
        life.SETTLED,
        life.ENDED,
        life.DELIVERING,
    ]
    assert expected["coins"][1] < 290_000_000  # most of them are in the third contract
    for effect in range(calm.first, calm.board.performed + 1):
        town = Town(roof, who, effect)
        town.world.run_until(END)
        assert town.board.cuts == 1
        assert town.outcome() == expected, effect


@pytest.mark.parametrize(("roof", "who"), [(False, "seller"), (False, "buyer"), (True, "seller")])
def test_what_never_comes_again_after_a_power_cut_withholds_no_end(who: str, roof: bool) -> None:
    """If the event is lost with the power, a slot or a trade may be; every contract on the chain is ended."""
    calm = Town(roof, who, 0)
    calm.world.run_until(END)
    for effect in range(calm.first, calm.board.performed + 1, 2):
        town = Town(roof, who, effect, again=False)
        town.world.run_until(END)
        town.seller.plant.selling = False
        town.world.run_until(SETTLED)
        states = {deal.state for deal in town.world.ledger.contracts()}
        assert states <= {life.SETTLED, life.CONTESTED}, effect
        assert len(list(town.world.ledger.contracts())) >= 2
        assert not town.world.ledger.evidence(town.seller.core.member.register.plant_id)
        assert town.outcome()["waiting"] == [0, 0]
