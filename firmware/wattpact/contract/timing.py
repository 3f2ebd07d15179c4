# SPDX-License-Identifier: Apache-2.0
"""When a node does what within a trading round.

A round is a window of whole slots that one contract covers. Plants offer it first, meters that heard nothing ask, then
all meters decide, each at its own second so that they do not rush the network at once:

    start - offer_lead_s     plants publish offers for the round
    start - ask_lead_s       a meter without an offer asks its neighbours
    start - decide_lead_s    meters begin to decide, spread over spread_s
    start .. end             delivery
    end + grace_s            a slot without a reading is given up
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..wire.messages import Genesis


class Timing:
    """Seconds; validated once, so that the cores may rely on the order of a round."""

    def __init__(
        self,
        genesis: "Genesis",
        slots: int,
        offer_lead_s: int = 1200,
        ask_lead_s: int = 1080,
        decide_lead_s: int = 900,
        spread_s: int = 240,
        answer_s: int = 20,
        accept_s: int = 180,
        grace_s: int = 600,
    ) -> None:
        """`slots` per round, at most the genesis' contract_slots_max. ValueError if the order does not hold.

        A contract given up is ended before the next one can be: `grace_s` is less than a slot (R66).
        """
        if not 1 <= slots <= genesis.contract_slots_max:
            raise ValueError("slots per round")
        if min(spread_s, answer_s, accept_s) < 1 or not 0 <= grace_s < genesis.slot_s:
            raise ValueError("spread, waits or grace out of range")
        if not offer_lead_s > ask_lead_s > decide_lead_s > spread_s + 3 * answer_s + accept_s:
            raise ValueError("leads of a round out of order")
        if slots * genesis.slot_s < offer_lead_s - decide_lead_s + spread_s + 3 * answer_s:
            raise ValueError("a plant's next offer would overtake the decisions on this one")
        self.slot_s = genesis.slot_s
        self.slots = slots
        self.round_s = slots * genesis.slot_s
        self.offer_lead_s = offer_lead_s
        self.ask_lead_s = ask_lead_s
        self.decide_lead_s = decide_lead_s
        self.spread_s = spread_s
        self.answer_s = answer_s
        self.accept_s = accept_s
        self.grace_s = grace_s

    def spread(self, kid: bytes) -> int:
        """A node's own second within the spread: the same every round, different among nodes."""
        return int.from_bytes(kid[:4], "big") % self.spread_s

    def first_round(self, now: int, lead_s: int) -> int:
        """Start of the first round for which something due `lead_s` before it is not late yet."""
        return -(-(now + lead_s) // self.round_s) * self.round_s

    def slots_of(self, start: int) -> "list[int]":
        """The slots of the round that begins at `start`."""
        return [start + i * self.slot_s for i in range(self.slots)]
