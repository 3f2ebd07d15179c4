# SPDX-License-Identifier: Apache-2.0
"""A proposal is the chosen option, signed for: the plant's terms, the meter's coins."""

from tests.trade.world import FIRST, NEED_WH, PRICE, SLOT, genesis, kid_of, panel_of, plant_of
from tests.unit.contract.deals import offer
from wattpact.contract.proposing import propose
from wattpact.contract.purchase import Purchase
from wattpact.contract.wallet import Wallet
from wattpact.ledger import life
from wattpact.market.choice import Candidate, Demand, Option, choose
from wattpact.market.preferences import Preferences
from wattpact.market.reliability import judge
from wattpact.wire.envelope import peek_payload
from wattpact.wire.messages import Genesis, message_id, parse_as

GENESIS = parse_as(Genesis, peek_payload(genesis()))
NOW = FIRST - 800


def option() -> Option:
    """800 Wh of the plant's offer."""
    offered = offer()
    candidate = Candidate(
        plant_of("sunny"),
        kid_of("sunny"),
        message_id(offered.payload()),
        PRICE,
        offered.panels,
        offered.remaining_wh,
        offered.remaining_wh,
        judge(900_000, has_facts=True, told=[]),
    )
    demand = Demand(kid_of("anna"), FIRST, SLOT, [NEED_WH] * 4, [380_000] * 4, 60_000)
    return choose([candidate], demand, Preferences()).ranking[0]


def proposed(accept_by: int = NOW + 180, wallet: Wallet | None = None) -> Purchase:
    """By anna, whose register stands at 7000 Wh."""
    purse = wallet or Wallet(GENESIS)
    network = GENESIS.network_id()
    return propose(option(), GENESIS, network, kid_of("anna"), purse, accept_by, 7_000)


def test_a_proposal_says_what_was_chosen() -> None:
    """C5: the plant's price, the energy, the panel, and what the plant has left after it."""
    bought = proposed()
    contract = bought.contract
    assert (contract.price, contract.currency, contract.panel_id) == (PRICE, 978, panel_of("sunny"))
    assert (contract.meter, contract.plant) == (kid_of("anna"), kid_of("sunny"))
    assert (contract.start, contract.wh, contract.total_wh) == (FIRST, [NEED_WH] * 4, 800)
    assert contract.remaining_wh == offer().remaining_wh - 800
    assert contract.accept_by == NOW + 180
    assert (bought.state, bought.register_wh) == (life.PROPOSED, 7_000)
    assert bought.plant_id == plant_of("sunny")


def test_a_proposal_is_void_before_its_first_slot_begins() -> None:
    """However long the plant would be given."""
    assert proposed(FIRST + 500).contract.accept_by == FIRST - 1


def test_coins_worth_the_cap_go_into_a_proposal() -> None:
    """The oldest ones; they are locked by whoever sends it."""
    purse = Wallet(GENESIS)
    purse.add(b"l" * 32, 10**12, FIRST + 10**6)
    ((lot, ug),) = proposed(wallet=purse).contract.coins
    assert lot == b"l" * 32
    assert ug == PRICE * 800 * 300_000 // 10**6 * 10**6 // GENESIS.coin_nano_per_g
    assert purse.free_ug() == 10**12


def test_equal_terms_at_another_time_are_another_contract() -> None:
    """And at the same time they are the same: a proposal sent again after a power cut is one contract."""
    assert proposed().contract_id == proposed().contract_id
    assert proposed(NOW + 181).contract.nonce != proposed().contract.nonce
