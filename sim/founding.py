# SPDX-License-Identifier: Apache-2.0
"""A network and its members before anything is carried: keys, genesis, registrations, all out of the seed.

Every process that is given the same settings and the same network name founds the same network, so that several can
run parts of one fleet.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from host.genesis import Roles, Terms, found
from host.keys import OpensslSigner
from host.registry import Member as Membership
from host.registry import Plant, Registrar
from wattpact.contract.timing import Timing
from wattpact.crypto.hashes import kid as kid_of
from wattpact.units import DAY_S
from wattpact.wire import envelope
from wattpact.wire.messages import Genesis, message_id, parse_as

from .elements import Element
from .scenario import HomeSite, PlantSite, Scenario, secret
from .settings import UTC_OFFSET_S, Settings

if TYPE_CHECKING:
    from wattpact.interfaces import Verifier

REGISTERED_DAYS = 30
BLOCK_S = 30
READ_S = 1
"""After the end of a slot its meters are read."""
DRAIN_S = 900
WITNESSES = 2

S = TypeVar("S", HomeSite, PlantSite)


@dataclass
class Enrolled(Generic[S]):
    """A site with the key its node holds, and the registration that is written on its board."""

    site: S
    signer: OpensslSigner | Element
    register_data: bytes

    @property
    def kid(self) -> bytes:
        """The node's."""
        return kid_of(self.signer.public_key)


class Founding:
    """Everybody in `plants` and `homes` was registered at `registered_at`. Times are Unix s."""

    def __init__(
        self, settings: Settings, scenario: Scenario, verifier: "Verifier", name: str
    ) -> None:
        """`verifier` is what secure elements check themselves with."""
        self._seed = settings.seed
        self.registered_at = scenario.start - REGISTERED_DAYS * DAY_S
        self.issuer, self.sequencer = self._signer("issuer"), self._signer("sequencer")
        self.registrar = self._signer("registrar")
        self.witnesses = [self._signer("witness %d" % number) for number in range(WITNESSES)]
        roles = Roles(
            self.registrar.public_key,
            self.sequencer.public_key,
            [witness.public_key for witness in self.witnesses],
            quorum=WITNESSES,
        )
        terms = Terms(utc_offset_s=UTC_OFFSET_S)
        self.genesis_data = found(self.issuer, roles, self.registered_at, name, terms)
        payload = envelope.peek_payload(self.genesis_data)
        self.genesis = parse_as(Genesis, payload)
        self.network = message_id(payload)[:8]
        self.timing = Timing(self.genesis, settings.round_slots)
        lead_s = self.timing.offer_lead_s
        self.begin = scenario.start - lead_s - BLOCK_S
        """Nodes start a little before the first offer."""
        self.close_at = scenario.end - lead_s - BLOCK_S
        """Nothing is offered beyond the end of the run."""
        self.over_at = scenario.end + self.genesis.timeouts[0] + DRAIN_S
        """The last contract is settled and awarded."""
        self._registrar = Registrar(self.network, self.registrar)
        self.plants = [self._plant(site) for site in scenario.plants]
        self.homes = [self._home(site, verifier) for site in scenario.homes]

    @property
    def host_kid(self) -> bytes:
        """The sequencer's."""
        return kid_of(self.sequencer.public_key)

    def _signer(self, name: str) -> OpensslSigner:
        return OpensslSigner(secret(self._seed, name))

    def _plant(self, site: PlantSite) -> Enrolled[PlantSite]:
        signer = self._signer(site.name)
        member = Membership(signer.public_key, site.owner, 0, meter=False, plant=_registered(site))
        return Enrolled(site, signer, self._registrar.register(member, self.registered_at))

    def _home(self, site: HomeSite, verifier: "Verifier") -> Enrolled[HomeSite]:
        signer = self._signer(site.name)
        if site.secure_element:
            signer = Element(self._seed, site.name, verifier)
        plant = _registered(site.roof) if site.roof else None
        member = Membership(signer.public_key, site.owner, site.neighbourhood, plant=plant)
        return Enrolled(site, signer, self._registrar.register(member, self.registered_at))


def _registered(site: PlantSite) -> Plant:
    panels = [(p.panel_id, p.world.rated_w, p.world.preset_wh) for p in site.panels]
    return Plant(site.plant_id, panels, site.service)
