# SPDX-License-Identifier: Apache-2.0
"""A board by hand: a core, a flash that is a dict, a meter that says what the test wants, and a plug to pull."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from wattpact.metering.reading import Reading
from wattpact.node.effects import Drop, Keep, Listen, Note, Publish, Send
from wattpact.node.member import Core
from wattpact.node.meter import MeterNode
from wattpact.node.plant import PlantNode
from wattpact.node.prosumer import ProsumerNode

from .wire import Letter, Wire

if TYPE_CHECKING:
    from wattpact.node.effects import Effect

R = TypeVar("R", bound=Core)
Event = Callable[[Core], "list[Effect]"]
REGISTER_WH = 1_000_000


class Board:
    """Everything a core may ask of its shell. `cut_after` counts effects: after that one the power is gone."""

    def __init__(
        self, name: str, kid: bytes, build: Callable[[], Core], wire: Wire, now: Callable[[], int]
    ) -> None:
        self.name = name
        self.kid = kid
        self.core = build()
        self.flash: dict[bytes, bytes] = {}
        self.notes: list[Note] = []
        self.performed = 0
        self.cut_after = 0
        self.cuts = 0
        self.comes_again = True
        """Whether a letter or a reading that was cut short comes again."""
        self.imports: Callable[[int], int | None] = lambda _slot: 0
        """Wh through the meter, inward, in the slot that starts then; None: the chip does not answer."""
        self.exports: Callable[[int], int | None] = lambda _slot: 0
        """Wh outward, or a plant's yield per panel."""
        self.unread: set[int] = set()
        """Slots whose reading never comes."""
        self.register_wh = REGISTER_WH
        self._build = build
        self._wire = wire
        self._now = now

    @property
    def meter(self) -> MeterNode:
        """The buyer's role."""
        return self.core.meter if isinstance(self.core, ProsumerNode) else _as(self.core, MeterNode)

    @property
    def plant(self) -> PlantNode:
        """The seller's role."""
        return self.core.plant if isinstance(self.core, ProsumerNode) else _as(self.core, PlantNode)

    def told(self, code: str) -> list[str]:
        """Texts of the notes with this code."""
        return [note.text for note in self.notes if note.code == code]

    # -- effects

    def happen(self, event: Event, again: bool = True) -> None:
        """Do what the core wants done; if the power goes in between, on a new core if it comes `again`."""
        for effect in event(self.core):
            self.perform(effect)
            self.performed += 1
            if self.performed == self.cut_after:
                self.restart()
                if again and self.comes_again:
                    self.happen(event)
                return

    def restart(self) -> None:
        """The power is back: a new core with what the flash has; retained broadcasts come again."""
        self.cuts += 1
        self.core = self._build()
        self.happen(lambda core: core.restore(sorted(self.flash.items()), self._now()), again=False)
        self.happen(lambda core: core.start(self._now()), again=False)
        self._wire.retained(self.kid)

    def perform(self, effect: "Effect") -> None:
        """One effect."""
        if isinstance(effect, Send):
            self._wire.post(Letter("in", self.kid, effect.to, effect.payload))
        elif isinstance(effect, Publish):
            self._wire.publish(effect.kind, self.kid, effect.payload)
        elif isinstance(effect, Keep):
            self.flash[effect.key] = effect.value
        elif isinstance(effect, Drop):
            self.flash.pop(effect.key, None)
        elif isinstance(effect, Listen):
            self._wire.listen(self.kid, effect.kind, effect.sender)
        else:
            self.notes.append(effect)

    # -- events

    def tick(self) -> None:
        """The core wanted to be woken. After a cut the new core knows by itself what is due."""
        now = self._now()
        self.happen(lambda core: core.on_tick(now), again=False)

    def receive(self, letter: Letter) -> None:
        """Bytes from the wire."""
        now = self._now()
        self.happen(lambda core: core.on_message(letter.kind, letter.payload, now))

    def read(self, slot: int) -> None:
        """The slot is over: what its meter says, or nothing."""
        imported, exported = self.imports(slot), self.exports(slot)
        self.register_wh += imported or 0
        if slot in self.unread:
            return
        if imported is None or exported is None:
            self.hand(Reading(slot, 0, 0, self.register_wh, 0, valid=False, reason="no answer"))
        else:
            self.hand(Reading(slot, imported, exported, self.register_wh, 0))

    def hand(self, reading: Reading) -> None:
        """A reading to whoever it is for."""
        now = self._now()
        if isinstance(self.core, PlantNode):
            for panel_id, _rated_w, _preset_wh in self.core.member.register.panels:
                self.happen(_panel_event(panel_id, reading))
        elif isinstance(self.core, ProsumerNode):
            self.happen(lambda core: _as(core, ProsumerNode).on_reading(reading, now))
        else:
            self.happen(lambda core: _as(core, MeterNode).on_reading(reading, now))


def _panel_event(panel_id: bytes, reading: Reading) -> Event:
    return lambda core: _as(core, PlantNode).on_panel_reading(panel_id, reading)


def _as(core: Core, role: type[R]) -> R:
    if not isinstance(core, role):
        raise TypeError("not a " + role.__name__)
    return core
