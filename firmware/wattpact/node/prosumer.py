# SPDX-License-Identifier: Apache-2.0
"""A node with both roles: buys when it needs, offers its rooftop's forecast surplus; one key, one outbox, one link.

Its one panel is metered by the same meter: what the home exports is what the panel generated for others.
"""

from ..wire.messages import Contract, Stored, TradeEnd
from .member import Core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..metering.reading import Reading
    from .effects import Effect
    from .member import Opened
    from .meter import MeterNode
    from .plant import PlantNode


class ProsumerNode(Core):
    """Hands each event to the role it concerns. Both roles were built over the same Member."""

    def __init__(self, meter: "MeterNode", plant: "PlantNode") -> None:
        """ValueError unless both roles share one Member and the plant has one panel."""
        if meter.member is not plant.member or len(plant.member.register.panels) != 1:
            raise ValueError("a prosumer is one member with one panel")
        Core.__init__(self, meter.member)
        self.meter = meter
        self.plant = plant
        self._panel_id = plant.member.register.panels[0][0]
        self.wake_at = min(meter.wake_at, plant.wake_at)

    def take_back(self, key: bytes, kept: bytes, now: int) -> None:
        """One item of the store, for the role that kept it."""
        self.meter.take_back(key, kept, now)
        self.plant.take_back(key, kept, now)

    def resume(self, now: int) -> "list[Effect]":
        """All items are back."""
        effects = self.plant.resume(now)
        return self._woken(effects + self.meter.resume(now))

    def on_tick(self, now: int) -> "list[Effect]":
        """Whatever is due in either role."""
        effects: "list[Effect]" = []
        if self.plant.wake_at <= now:
            effects += self.plant.on_tick(now)
        if self.meter.wake_at <= now:
            effects += self.meter.on_tick(now)
        return self._woken(effects)

    def on_reading(self, reading: "Reading", now: int) -> "list[Effect]":
        """One slot of the home's meter: import for the buyer, export for the seller."""
        effects = self.plant.on_panel_reading(self._panel_id, reading)
        return self._woken(effects + self.meter.on_reading(reading, now))

    def show(self, now: int) -> "list[Effect]":
        """Both roles'."""
        effects = self.plant.show(now)
        return self._woken(effects + self.meter.show(now))

    def on_register(self, data: bytes) -> "list[Effect]":
        """Perhaps a seller to hear, or a neighbour to ask."""
        return self.meter.on_register(data)

    def on_checkpoint(self, bundle: bytes, now: int) -> "list[Effect]":
        """The host's signed tree head."""
        return self._woken(self.meter.on_checkpoint(bundle, now))

    def on_opened(self, opened: "Opened", now: int) -> "list[Effect]":
        """A proposal or a buyer's trade end is for the plant, STORED for both, the rest for the meter."""
        message = opened.message
        if type(message) is Stored:
            effects = self.plant.on_opened(opened, now) + self.meter.on_opened(opened, now)
        elif type(message) is TradeEnd or (
            type(message) is Contract and message.plant == self.member.kid
        ):
            effects = self.plant.on_opened(opened, now)
        else:
            effects = self.meter.on_opened(opened, now)
        return self._woken(effects)

    def _woken(self, effects: "list[Effect]") -> "list[Effect]":
        self.wake_at = min(self.meter.wake_at, self.plant.wake_at)
        return effects
