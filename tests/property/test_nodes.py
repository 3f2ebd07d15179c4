# SPDX-License-Identifier: Apache-2.0
"""Whatever arrives at a board, in whatever order: it never fails, believes no spoiled byte, and ends what it began."""

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trade import says
from tests.trade.board import Board
from tests.trade.wire import Letter, lost
from tests.trade.world import (
    FIRST,
    NEED_WH,
    PRICE,
    ROUND,
    SETTLE,
    SLOT,
    World,
    kid_of,
    plant_of,
    signer,
)
from wattpact.ledger import rules
from wattpact.ledger.award import coin_expiry
from wattpact.market import low_supply
from wattpact.metering.reading import Reading
from wattpact.node.effects import Keep, Note, Publish, Send
from wattpact.units import DAY_S
from wattpact.wire import codec, envelope, kinds
from wattpact.wire.messages import (
    LOW_MAX,
    MESSAGES,
    SELF_NETWORK,
    Contract,
    Decline,
    Genesis,
    Message,
    Offer,
    message_id,
)

NAMES = ("sunny", "roof", "anna", "deaf")
KINDS = ("in", "offer", "register", "checkpoint", "shortfall", "trade_end", "revoke", "?")
UNSEEN = (("sunny", "checkpoint"), ("sunny", "register"))
SPEAKERS = ("sunny", "roof", "anna", "issuer", "sequencer", "registrar")


@lru_cache(maxsize=1)
def busy() -> World:
    """A community in the middle of its second round: every kind of message was heard, trades are open."""
    world = World()
    world.add_plant("sunny")
    world.add_prosumer("roof", hears=["sunny"])
    world.add_meter("anna", hears=["sunny", "roof"])
    world.add_meter("deaf", neighbours=["anna"])
    world.announce()
    world.run_until(FIRST + ROUND + SETTLE + SLOT)
    world.announce()
    return world


@lru_cache(maxsize=1)
def said() -> list[Letter]:
    """One letter of every word and kind that was under way, as different as they come."""
    found: dict[tuple[str, str], Letter] = {}
    for letter in busy().wire.log:
        found[letter.word, letter.kind] = letter
    return [found[key] for key in sorted(found)]


def fresh(name: str) -> Board:
    """That board as it was in the middle of its trades; nothing that happens to it stays."""
    world = busy()
    board = world.boards[name]
    twin = Board(board.name, board.kid, board._build, world.wire, world.now)
    twin.flash = dict(board.flash)
    twin.core.restore(sorted(twin.flash.items()), world.clock)
    for data in world.registers.values():
        twin.core.member.meet(data)
    return twin


def tick_on(board: Board) -> None:
    """Two days of ticks: each leads to a later one, and none fails."""
    now = busy().clock
    for _tick in range(100):
        now = max(now, board.core.wake_at)
        if now > busy().clock + 2 * DAY_S:
            break
        board.core.on_tick(now)
        assert board.core.wake_at > now


def hear(board: Board, kind: str, data: bytes) -> bool:
    """Whether the board believed it. What it does not believe is counted once, noted, and leaves no trace."""
    member = board.core.member
    before = member.dropped, member.outbox.wake_at()
    effects = board.core.on_message(kind, data, busy().clock)
    if member.dropped == before[0]:
        return True
    assert (member.dropped, member.outbox.wake_at()) == (before[0] + 1, before[1])
    assert [effect.code for effect in effects if isinstance(effect, Note)] == ["dropped"]
    assert len(effects) == 1
    return False


# -- garbage

names = st.sampled_from(NAMES)


@given(names, st.sampled_from(KINDS), st.binary(max_size=300))
def test_bytes_that_mean_nothing_are_dropped_and_counted(name: str, kind: str, data: bytes) -> None:
    """On every topic, at every kind of node; a plant does not look at checkpoints and registrations."""
    board = twin(name)
    assert not hear(board, kind, data) or (name, kind) in UNSEEN


@lru_cache
def twin(name: str) -> Board:
    """A board for messages that leave no trace."""
    return fresh(name)


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[str, bytes]:
    """A letter that was under way, with bytes altered, cut out, doubled, or grown."""
    letter = draw(st.sampled_from(said()))
    data = bytearray(letter.payload)
    at = draw(st.integers(0, len(data) - 1))
    how = draw(st.sampled_from(["alter", "cut", "grow", "splice"]))
    if how == "alter":
        data[at] ^= draw(st.integers(1, 255))
    elif how == "cut":
        del data[at : at + draw(st.integers(1, 40))]
    elif how == "grow":
        data[at:at] = draw(st.binary(min_size=1, max_size=40))
    else:
        other = draw(st.sampled_from(said())).payload
        data[at:] = other[draw(st.integers(0, len(other))) :]
    kind = letter.kind if draw(st.booleans()) else draw(st.sampled_from(KINDS))
    return kind, bytes(data)


def acquaintances(board: Board) -> tuple[list[bytes], list[bytes]]:
    """Whom the board knows, and whom it may ask."""
    known = sorted(board.core.member._known)
    return known, [] if board.name == "sunny" else board.meter.asking.neighbours()


@given(names, spoiled())
@settings(max_examples=400)
def test_a_real_message_spoiled_is_no_message(name: str, letter: tuple[str, bytes]) -> None:
    """No byte of an envelope, a record, a parcel or a checkpoint can be changed by whoever carries it."""
    kind, data = letter
    if data in {each.payload for each in said()}:
        return
    board = twin(name)
    if kind == "checkpoint":
        hear(board, kind, data)  # its proof is not signed: whatever it says, nothing fails
    elif (
        kind == "register"
    ):  # one that seems to concern others is not looked at, and makes nobody known
        before = acquaintances(board)
        hear(board, kind, data)
        assert acquaintances(board) == before
    else:
        assert not hear(board, kind, data)


@given(names, st.binary(max_size=40), st.binary(max_size=200))
def test_a_parcel_of_anything_is_no_message(name: str, register: bytes, message: bytes) -> None:
    """Well-formed CBOR around garbage; also with a real registration in it."""
    board = twin(name)
    for first in (register, busy().registers["anna"]):
        assert not hear(board, "in", codec.encode([first, message]))


# -- members who sign whatever they like


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Anything that a field of this kind may hold, the bounds more often than the rest."""
    if isinstance(kind, kinds.UInt):
        near = [kind.least, kind.most, FIRST + ROUND, FIRST + 4 * ROUND, PRICE, 978, 1]
        fit = [each for each in near if kind.least <= each <= kind.most]
        return st.sampled_from(fit) | st.integers(kind.least, kind.most)
    if isinstance(kind, kinds.Raw):
        known = [kid_of(name) for name in SPEAKERS] + [plant_of(name) for name in ("sunny", "roof")]
        known += [message_id(letter.message.payload()) for letter in said() if letter.kind == "in"]
        fit = [each for each in known if len(each) in kind.lengths]
        free = st.sampled_from(kind.lengths).flatmap(lambda n: st.binary(min_size=n, max_size=n))
        return st.sampled_from(fit) | free if fit else free
    if isinstance(kind, kinds.Point):
        return st.sampled_from([signer(name).public_key for name in SPEAKERS])
    if isinstance(kind, kinds.Blob):
        return st.sampled_from([each.payload for each in said()]) | st.binary(max_size=60)
    if isinstance(kind, kinds.Text):
        return st.text("abc DE", max_size=kind.most)
    if isinstance(kind, kinds.Flag):
        return st.booleans()
    if isinstance(kind, kinds.Array):
        return st.lists(values(kind.kind), min_size=kind.least, max_size=min(kind.most, 9))
    return st.tuples(*[values(place) for _name, place in kind.places])


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """One of any type: made up, or a real one with some fields replaced."""
    network = busy().network
    real = [letter.message for letter in said() if letter.word not in ("register", "checkpoint")]
    if draw(st.booleans()):
        message = draw(st.sampled_from(real))
        fields = {name: getattr(message, name) for _key, name, _kind in message.FIELDS}
        changed = draw(st.lists(st.sampled_from(message.FIELDS), min_size=1, max_size=3))
        fields.update({name: draw(values(kind)) for _key, name, kind in changed})
        return type(message)(network=network, **fields)
    cls = draw(st.sampled_from(MESSAGES))
    fields = {name: draw(values(kind)) for _key, name, kind in cls.FIELDS}
    return cls(network=SELF_NETWORK if cls is Genesis else network, **fields)


@given(names, st.lists(st.tuples(st.sampled_from(SPEAKERS), messages()), min_size=1, max_size=4))
@settings(max_examples=250)
def test_no_signed_message_makes_a_board_fail(
    name: str, letters: list[tuple[str, Message]]
) -> None:
    """Every field within its limits, nonsense otherwise, by members whom the board knows: it lives on."""
    board = fresh(name)
    for speaker, message in letters:
        try:
            data = says.signed(speaker, message)
        except ValueError:  # too long for an envelope: then nobody can send it
            continue
        hear(board, "in", data)
    tick_on(board)


# -- one contract, and everything that can be said of it


class Stage:
    """A meter that has just proposed, coins in its wallet, and what may happen to it."""

    def __init__(self) -> None:
        self.world = World()
        self.world.add_plant("sunny")
        self.anna = self.world.add_meter("anna", hears=["sunny"])
        self.anna.meter.buying.wallet.add(b"a lot".ljust(32, b"."), 10**12, FIRST + 90 * DAY_S)
        self.world.wire.tampers.append(lost("proposal"))
        self.world.run_until(FIRST - 830)
        (proposal,) = self.world.wire.sent("proposal")
        assert isinstance(proposal.message, Contract)
        self.contract = proposal.message
        self.payload = self.contract.payload()
        self.id = message_id(self.payload)
        sign1 = codec.decode(proposal.payload, 1 << 14)[1]
        acceptance = envelope.accept1(self.payload, signer("sunny"))
        self.record = envelope.join_record(sign1, acceptance)
        self.now = self.world.clock
        self.end_id = b""
        self.ended: list[bytes] = []
        self.recorded = False  # the chain said so while the meter knew of the contract

    def say(self, data: bytes) -> None:
        """To the meter; what it publishes is looked at for its end."""
        self.take(lambda: self.anna.core.on_message("in", data, self.now))

    def take(self, event: Callable[[], list[Any]]) -> None:
        """Perform, and check what must hold at every moment."""
        for effect in event():
            if isinstance(effect, Publish) and effect.kind == "trade_end":
                self.end_id = message_id(envelope.peek_payload(effect.payload))
                if self.end_id not in self.ended:
                    self.ended.append(self.end_id)
            elif isinstance(effect, Keep) or not isinstance(effect, (Send, Publish, Note)):
                self.anna.perform(effect)
        for lot in self.anna.meter.buying.wallet._lots:
            assert 0 <= lot.locked <= lot.ug

    def until(self, time: int) -> None:
        """Ticks whenever the core wants one."""
        while self.anna.core.wake_at <= time:
            self.now = max(self.now, self.anna.core.wake_at)
            self.take(lambda: self.anna.core.on_tick(self.now))
        self.now = max(self.now, time)

    def award(self) -> None:
        """For what was delivered, if it was ended."""
        for purchase in self.anna.meter.buying.purchases():
            if purchase.end_id and purchase.contract_id == self.id:
                wh = sum(purchase.delivered())
                ug = wh * 363_000
                span = purchase.span()
                factor = ("DE", 2024, 0, 363_000, 0, "a source")
                face = (self.id, self.contract.panel_id, *span, wh, 0, ug, wh, ug, ug, 1, 1, factor)
                expires = coin_expiry(self.now, 180 * DAY_S)
                self.say(
                    says.award(self.world, (purchase.end_id, self.anna.kid, ug, expires, face))
                )

    def do(self, step: str) -> None:
        """One thing that can happen, at any time and any number of times."""
        world = self.world
        known = {purchase.contract_id for purchase in self.anna.meter.buying.purchases()}
        if step == "accept":
            self.say(self.record)
        elif step == "decline":
            no = Decline(network=world.network, contract_id=self.id, reason=1, remaining_wh=0)
            self.say(says.signed("sunny", no))
        elif step == "recorded":
            self.say(says.stored(world, ids=[self.id]))
            self.recorded = self.recorded or self.id in known
        elif step == "refused":
            self.say(says.stored(world, refused=[(self.id, 46)]))
        elif step == "recorded before":
            self.say(says.stored(world, refused=[(self.id, 16)]))
            self.recorded = self.recorded or self.id in known
        elif step == "end stored" and self.end_id:
            self.say(says.stored(world, ids=[self.end_id]))
        elif step == "end refused" and self.end_id:
            self.say(says.stored(world, refused=[(self.end_id, 60)]))
        elif step == "award":
            self.award()
        elif step == "read":
            slot = self.now - self.now % SLOT - SLOT
            self.anna.register_wh += NEED_WH
            reading = Reading(slot, NEED_WH, 0, self.anna.register_wh, 0)
            self.take(lambda: self.anna.meter.on_reading(reading, self.now))
        elif step == "power cut":
            self.anna.core = self.anna._build()
            items = sorted(self.anna.flash.items())
            self.anna.core.member.meet(world.registers["sunny"])
            self.take(lambda: self.anna.core.restore(items, self.now))
        elif step == "a minute":
            self.until(self.now + 60)
        elif step == "an hour":
            self.until(self.now + 3_600)
        elif step == "a slot":
            self.until(self.now - self.now % SLOT + SLOT)


STEPS = (
    "accept",
    "decline",
    "recorded",
    "refused",
    "recorded before",
    "end stored",
    "end refused",
    "award",
    "read",
    "power cut",
    "a minute",
    "a slot",
    "an hour",
)


@given(st.lists(st.sampled_from(STEPS), max_size=25))
@settings(max_examples=120)
def test_in_whatever_order_answers_come_coins_are_never_doubled_and_nothing_stays_open(
    steps: list[str],
) -> None:
    """Accepted, declined, refused, recorded, awarded, cut off: one end at most, and all is closed in the end."""
    played = Stage()
    before = played.anna.meter.buying.wallet.free_ug()
    locked = sum(ug for _lot, ug in played.contract.coins)
    assert before == 10**12 - locked
    for step in steps:
        played.do(step)
        assert len(played.ended) <= 1
    played.until(FIRST + 3 * DAY_S)
    assert len(played.ended) == 1 or not played.recorded
    assert played.anna.meter.buying.purchases() == []
    assert [key for key in played.anna.flash if key[:1] == b"c"] == []
    assert sum(lot.locked for lot in played.anna.meter.buying.wallet._lots) == 0


# -- what a plant says of itself


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 95), st.integers(1, 8)), max_size=40),
        min_size=2,
        max_size=12,
    )
)
def test_no_offer_of_an_honest_plant_shows_a_shrunk_history(
    days: list[list[tuple[int, int]]],
) -> None:
    """Whatever was low on whatever day: joined and coarsened it passes the ledger's own question (R33)."""
    low: list[tuple[int, int]] = []
    offered: list[tuple[int, int]] = []
    for day, found in enumerate(days):
        midnight = FIRST + 4 * day * DAY_S
        now = midnight + DAY_S
        new = [(midnight + at * SLOT, min(n, 96 - at) * SLOT) for at, n in found]
        low = low_supply.coarsen(
            low_supply.recent(low_supply.join(low + new), now), min(LOW_MAX, 20)
        )
        offer = _offer(low, now)
        assert rules._covered(offered, offer)
        assert all(a + n < b for (a, n), (b, _m) in pairwise(low))
        offered = offer.low


def _offer(low: list[tuple[int, int]], now: int) -> Offer:
    return Offer(
        network=b"network!",
        plant_id=b"plant id",
        seq=1,
        start=now,
        price=1,
        currency=978,
        panels=[(b"panel id", [1])],
        remaining_wh=1,
        low=low,
        issued_at=now,
    )


def test_every_word_was_said() -> None:
    """The garbage above is made of every kind of message that nodes exchange."""
    words = {letter.word for letter in said()}
    assert words >= {
        "acceptance",
        "ask",
        "award",
        "checkpoint",
        "generation",
        "offer",
        "proposal",
        "register",
        "stored",
        "tell",
        "tradeend",
    }


# -- a store that gives back something else


@given(names, st.data())
@settings(max_examples=150)
def test_a_spoiled_store_stops_no_board(name: str, data: st.DataObject) -> None:
    """One item altered, cut or swapped: what cannot be read is dropped, and the board lives on."""
    world = busy()
    board = world.boards[name]
    items = dict(board.flash)
    key = data.draw(st.sampled_from(sorted(items)))
    value = bytearray(items[key])
    if data.draw(st.booleans()):
        value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
    elif data.draw(st.booleans()):
        del value[data.draw(st.integers(0, len(value) - 1)) :]
    else:
        value[:] = items[data.draw(st.sampled_from(sorted(items)))]
    items[key] = bytes(value)
    again = Board(board.name, board.kid, board._build, world.wire, world.now)
    effects = again.core.restore(sorted(items.items()), world.clock)
    dropped = [effect for effect in effects if isinstance(effect, Note) and effect.code == "store"]
    assert len(dropped) <= 1
    tick_on(again)
