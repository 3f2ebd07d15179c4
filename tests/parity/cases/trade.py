# SPDX-License-Identifier: Apache-2.0
"""A board trades alike on both interpreters: meter and plant through a ledger, from the offer to the award.

Effects are carried by hand, signatures are the board's own. Both lose power in the middle of their contract.
"""

from binascii import hexlify
from hashlib import sha256

from tests.parity.shown import shown
from wattpact.contract.timing import Timing
from wattpact.crypto.hashes import kid
from wattpact.crypto.signer import SoftwareSigner, SoftwareVerifier
from wattpact.ledger import life
from wattpact.ledger.machine import Ledger
from wattpact.market.need import DayMean
from wattpact.market.preferences import Preferences
from wattpact.metering.reading import Reading
from wattpact.node.buying import AWARD_S
from wattpact.node.effects import Drop, Keep, Note, Publish, Send
from wattpact.node.member import Member
from wattpact.node.meter import MeterNode
from wattpact.node.plant import PanelSettings, PlantNode
from wattpact.wire import envelope
from wattpact.wire.messages import (
    ROLE_METER,
    ROLE_PLANT,
    SELF_NETWORK,
    Award,
    Genesis,
    Register,
    Stored,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from wattpact.node.effects import Effect
    from wattpact.node.member import Core

SLOT = 900
FIRST = 1748858400  # 2025-06-02 10:00 UTC
SERVICE = [(21600, 72000)] * 12


class Verifier:
    """The board's verifier, with a memory: every node here judges the same signatures."""

    def __init__(self) -> None:
        self._verifier = SoftwareVerifier()
        self._verdicts: "dict[bytes, bool]" = {}

    def verify(self, items: "list[tuple[bytes, bytes, bytes]]") -> "list[bool]":
        """One verdict per (public key, digest, signature)."""
        verdicts: "list[bool]" = []
        for item in items:
            name = b"".join(item)
            if name not in self._verdicts:
                self._verdicts[name] = self._verifier.verify([item])[0]
            verdicts.append(self._verdicts[name])
        return verdicts


def signer(name: bytes) -> SoftwareSigner:
    """The key of that name."""
    return SoftwareSigner(sha256(name).digest())


class Street:
    """One ledger, one plant, one meter, and the bytes between them."""

    def __init__(self) -> None:
        self.verifier = Verifier()
        self.issuer = signer(b"issuer")
        self.registrar = signer(b"registrar")
        self.host = signer(b"host")
        self.keys = {name: signer(name) for name in (b"anna", b"sunny")}
        self.genesis = envelope.sign1(self._genesis().payload(), self.issuer)
        self.ledger = Ledger(self.genesis, self.verifier)
        self.network = self.ledger.network
        self.timing = Timing(self.ledger.genesis, 2)
        self.now = FIRST - 1200
        self.waiting: "list[bytes]" = []
        self.told: "list[str]" = []
        self.stores: "dict[str, dict[bytes, bytes]]" = {"MeterNode": {}, "PlantNode": {}}
        self.registers = {name: self._register(name) for name in (b"anna", b"sunny")}

    def _genesis(self) -> Genesis:
        return Genesis(
            network=SELF_NETWORK,
            issuer=self.issuer.public_key,
            registrar=self.registrar.public_key,
            sequencer=self.host.public_key,
            witnesses=[],
            quorum=0,
            slot_s=SLOT,
            currency=978,
            grid_prices=[(0, 380000)],
            hurdle=60000,
            timeouts=(1800, 86400, 604800, 60),
            coin_nano_per_g=80000,
            coin_cap_ppm=300000,
            coin_life_s=15552000,
            funder=kid(self.issuer.public_key),
            factors=[("DE", 2024, 0, 363000, 0, "a source")],
            debt_limit_nano=1 << 40,
            region="DE",
            utc_offset_s=3600,
            contract_slots_max=2,
            created_at=FIRST - 3000000,
            name="parity",
        )

    def _register(self, name: bytes) -> bytes:
        plant = name == b"sunny"
        register = Register(
            network=self.network,
            public_key=self.keys[name].public_key,
            roles=[ROLE_PLANT if plant else ROLE_METER],
            owner=sha256(name).digest()[:8],
            neighbourhood=1,
            plant_id=b"plant id" if plant else b"",
            panels=[(b"panel id", 8000, 100)] if plant else [],
            service=SERVICE if plant else [],
            issued_at=FIRST - 2900000,
        )
        return envelope.sign1(register.payload(), self.registrar)

    def member(self, name: bytes) -> Member:
        """A node's identity."""
        return Member(self.genesis, self.registers[name], self.keys[name], self.verifier)

    def build_meter(self) -> MeterNode:
        """The home's core."""
        need = DayMean([200] * 96, SLOT, 3600)
        return MeterNode(self.member(b"anna"), self.timing, Preferences(), need, self.now)

    def build_plant(self) -> PlantNode:
        """The plant's core."""
        panels = [PanelSettings(b"panel id", [1000] * 96, 1000000)]
        return PlantNode(self.member(b"sunny"), self.timing, 200000, panels, [], self.now)

    def start(self) -> None:
        """Both know each other, and the chain knows both."""
        self.meter = self.build_meter()
        self.plant = self.build_plant()
        self.cores: "dict[bytes, Core]" = {
            self.meter.member.kid: self.meter,
            self.plant.member.kid: self.plant,
        }
        self.meter.member.meet(self.registers[b"sunny"])
        self.waiting = [self.registers[b"anna"], self.registers[b"sunny"]]
        self.block()

    def perform(self, core: "Core", effects: "list[Effect]") -> None:
        """Carry out, at once, whatever a core wants."""
        for effect in effects:
            name = core.__class__.__name__
            if isinstance(effect, Keep):
                self.say(name, "keep", effect.key[:1], len(effect.value))
                self.stores[name][effect.key] = effect.value
            elif isinstance(effect, Drop):
                self.say(name, "drop", effect.key[:1])
                self.stores[name].pop(effect.key, None)
            elif isinstance(effect, Note):
                self.say(name, "note", effect.code, effect.text)
            elif isinstance(effect, (Send, Publish)):
                self.carry(core, effect)

    def carry(self, core: "Core", effect: "Send | Publish") -> None:
        """To whoever it concerns: the host hears every broadcast, the meter the plant's offers."""
        payload = effect.payload
        digest = hexlify(sha256(payload).digest()[:6]).decode()
        if isinstance(effect, Send):
            self.say(core.__class__.__name__, "send", digest)
            to = effect.to
        else:
            self.say(core.__class__.__name__, "publish", effect.kind, digest)
            to = b"" if effect.kind == "register" else kid(self.host.public_key)
            if effect.kind == "offer":
                self.hear(self.meter, "offer", payload)
        if to == kid(self.host.public_key):
            self.waiting.append(payload)
        elif to:
            self.hear(self.cores[to], "in", payload)

    def hear(self, core: "Core", kind: str, payload: bytes) -> None:
        """One message."""
        self.perform(core, core.on_message(kind, payload, self.now))

    def block(self) -> None:
        """Record what waits; both nodes are told of all of it, and of awards."""
        done = self.ledger.finalize(self.ledger.height + 1, self.now, self.waiting)
        self.ledger.commit()
        self.waiting = []
        self.say("block", done.height, done.codes, done.app_hash)
        stored = Stored(
            network=self.network,
            ids=[each for each, code in zip(done.ids, done.codes) if code in (0, 16)],
            refused=[
                (each, code) for each, code in zip(done.ids, done.codes) if code not in (0, 16)
            ],
            height=done.height,
        )
        if done.codes:
            word = envelope.sign1(stored.payload(), self.host)
            for name in (b"anna", b"sunny"):
                self.hear(self.cores[kid(self.keys[name].public_key)], "in", word)

    def award(self) -> None:
        """The issuer awards what is settled."""
        rows = [self.ledger.derive_award(end) for end in self.ledger.awardable()]
        data = envelope.sign1(Award(network=self.network, awards=rows).payload(), self.issuer)
        self.waiting.append(data)
        self.block()
        for _twice in range(2):
            self.hear(self.meter, "in", data)

    def until(self, time: int) -> None:
        """Ticks that are due, in order of time, and a block after each that had something to say."""
        while min(self.meter.wake_at, self.plant.wake_at) <= time:
            for core in (self.meter, self.plant):
                if core.wake_at <= time:
                    self.now = max(self.now, core.wake_at)
                    self.perform(core, core.on_tick(self.now))
            if self.waiting:
                self.block()
        self.now = time

    def power_cut(self) -> None:
        """Both boards forget everything but what their stores kept."""
        self.meter, self.plant = self.build_meter(), self.build_plant()
        self.meter.member.meet(self.registers[b"sunny"])
        self.plant.member.meet(self.registers[b"anna"])
        for core in (self.meter, self.plant):
            self.cores[core.member.kid] = core
            items = sorted(self.stores[core.__class__.__name__].items())
            self.perform(core, core.restore(items, self.now))
        self.plant.selling = False
        self.meter.preferences.paused = True

    def say(self, *words: "object") -> None:
        """A line."""
        self.told.append(
            " ".join([each if isinstance(each, str) else shown(each) for each in words])
        )

    def lines(self) -> "list[str]":
        """What was said since the last time."""
        told = self.told
        self.told = []
        return told


def lines() -> "Iterator[str]":
    """Every effect of both boards, every block, and what is left at the end."""
    street = Street()
    street.start()
    yield from street.lines()
    for time in (FIRST - 1000, FIRST - 700, FIRST + 100):
        street.until(time)
        yield from street.lines()
    for number, slot in enumerate((FIRST, FIRST + SLOT), 1):
        street.until(slot + SLOT + 1)
        panel, home = Reading(slot, 0, 900, 0, 0), Reading(slot, 180, 0, 5000 + 180 * number, 0)
        street.perform(street.plant, street.plant.on_panel_reading(b"panel id", panel))
        street.perform(street.meter, street.meter.on_reading(home, street.now))
        street.power_cut()
        yield from street.lines()
    for time in (FIRST + 2 * SLOT + 70, FIRST + 2 * SLOT + 1800):
        street.until(time)
        street.block()
        yield from street.lines()
    street.until(
        FIRST + 2 * SLOT + 1800 + AWARD_S
    )  # the award is late: the meter sends its end again
    yield from street.lines()
    street.award()
    yield from street.lines()
    for deal in street.ledger.contracts():
        yield shown([deal.id, life.STATES[deal.state], deal.terms.wh, deal.progress.settled])
    meter = street.meter
    yield shown([meter.buying.wallet.free_ug(), street.ledger.balance(meter.member.kid)])
    for name in sorted(street.stores):
        yield shown(sorted(street.stores[name]))
    yield shown([street.ledger.height, street.ledger.app_hash])
