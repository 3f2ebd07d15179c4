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


class Keys:
    """Everybody's, drawn by name: the same for the same seed."""

    def __init__(self, seed: int, scenario: Scenario, verifier: "Verifier") -> None:
        """`verifier` is what secure elements check themselves with."""

        def signer(name: str) -> OpensslSigner:
            return OpensslSigner(secret(seed, name))

        self.issuer, self.sequencer, self.registrar = map(
            signer, ("issuer", "sequencer", "registrar")
        )
        self.witnesses = [signer("witness %d" % number) for number in range(WITNESSES)]
        self.plants = [signer(site.name) for site in scenario.plants]
        self.homes = [
            Element(seed, site.name, verifier) if site.secure_element else signer(site.name)
            for site in scenario.homes
        ]

    @property
    def host_kid(self) -> bytes:
        """The sequencer's."""
        return kid_of(self.sequencer.public_key)


class Founding:
    """Everybody in `plants` and `homes` was registered at `registered_at`. Times are Unix s."""

    def __init__(self, settings: Settings, scenario: Scenario, keys: Keys, name: str) -> None:
        self.keys = keys
        self.registered_at = scenario.start - REGISTERED_DAYS * DAY_S
        roles = Roles(
            keys.registrar.public_key,
            keys.sequencer.public_key,
            [witness.public_key for witness in keys.witnesses],
            quorum=WITNESSES,
        )
        terms = Terms(utc_offset_s=UTC_OFFSET_S)
        self.genesis_data = found(keys.issuer, roles, self.registered_at, name, terms)
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
        self._registrar = Registrar(self.network, keys.registrar)
        self.plants = [
            self._plant(site, signer) for site, signer in zip(scenario.plants, keys.plants)
        ]
        self.homes = [self._home(site, signer) for site, signer in zip(scenario.homes, keys.homes)]

    def _plant(self, site: PlantSite, signer: OpensslSigner) -> Enrolled[PlantSite]:
        member = Membership(signer.public_key, site.owner, 0, meter=False, plant=_registered(site))
        return Enrolled(site, signer, self._registrar.register(member, self.registered_at))

    def _home(self, site: HomeSite, signer: OpensslSigner | Element) -> Enrolled[HomeSite]:
        plant = _registered(site.roof) if site.roof else None
        member = Membership(signer.public_key, site.owner, site.neighbourhood, plant=plant)
        return Enrolled(site, signer, self._registrar.register(member, self.registered_at))


def _registered(site: PlantSite) -> Plant:
    panels = [(p.panel_id, p.world.rated_w, p.world.preset_wh) for p in site.panels]
    return Plant(site.plant_id, panels, site.service)
