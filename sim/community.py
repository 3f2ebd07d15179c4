# SPDX-License-Identifier: Apache-2.0
"""What every fleet is, whatever carries its messages: a scenario, a founded network, its host, its parties.

Checks, books and report read this and nothing else of a fleet.
"""

import gc
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from host.witness import Witness
from wattpact.ledger.machine import Ledger

from .choices import Choices
from .cores import Energy, NodeEnd, energy_at
from .founding import Enrolled, Founding, S
from .office import Office
from .results import Check
from .scenario import HomeSite, PlantSite, Scenario
from .settings import Settings


class FleetClock(Protocol):
    """Virtual time."""

    def now(self) -> int:
        """Unix s."""
        ...


class Party(Generic[S]):
    """One node, here or in another process: whose it is, and at the end what it says of itself."""

    def __init__(self, enrolled: Enrolled[S]) -> None:
        self.site = enrolled.site
        self.kid = enrolled.kid
        self.name: str = enrolled.site.name

    def end(self) -> NodeEnd:
        """Its own account, when the run is over."""
        raise NotImplementedError


H_co = TypeVar("H_co", bound=Party[HomeSite], covariant=True)
P_co = TypeVar("P_co", bound=Party[PlantSite], covariant=True)


class Community(Generic[H_co, P_co]):
    """A fleet on the chain. Whoever makes one sets `homes` and `plants`, in the order of the scenario."""

    homes: Sequence[H_co]
    plants: Sequence[P_co]

    def __init__(
        self,
        settings: Settings,
        scenario: Scenario,
        founding: Founding,
        office: Office,
        clock: FleetClock,
    ) -> None:
        self.settings = settings
        self.scenario = scenario
        self.founding = founding
        self.office = office
        self.clock = clock
        self.on_slot: Callable[[int], None] | None = None
        """Called when a slot is over and read."""
        self.notes: dict[str, int] = {}
        """What cores noted -> how often."""
        self.choices = Choices(scenario, clock.now)

    @property
    def ledger(self) -> Ledger:
        """The host's."""
        return self.office.ledger

    @property
    def witnesses(self) -> list[Witness]:
        """The host's."""
        return self.office.witnesses

    def run(self) -> None:
        """All slots, then until the last contract is settled and awarded."""
        raise NotImplementedError

    def checks(self) -> list[Check]:
        """What must hold of how it was run, beside what must hold of any fleet."""
        return []

    def close(self) -> None:
        """Leave the chain's file whole; also after a run that was stopped."""
        self.office.store.close()


AnyFleet = Community[Party[HomeSite], Party[PlantSite]]


def energy_of(home: Party[HomeSite], index: int) -> Energy:
    """What the world does there in slot `index`."""
    return energy_at(home.site, index)


@contextmanager
def rare_collections() -> Generator[None]:
    """Boards and ledger live as long as the run: walking them for garbage costs more with every board there is."""
    before = gc.get_threshold()
    gc.set_threshold(20_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
