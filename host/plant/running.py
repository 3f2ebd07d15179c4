# SPDX-License-Identifier: Apache-2.0
"""A plant's node at work: core, shell, link and meters put together."""

import asyncio
import random
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from wattpact.contract.timing import Timing
from wattpact.errors import WireError
from wattpact.link.dial import dialler
from wattpact.link.mqtt import MqttClient
from wattpact.link.session import Session
from wattpact.node.member import Member
from wattpact.node.plant import PanelSettings, PlantNode
from wattpact.node.runtime import Feed, Runtime
from wattpact.wire import topics
from wattpact.wire.messages import ENVELOPE_MAX

from ..errors import PlantError
from ..gateway.line import Address, tls_context
from ..keys import OpensslVerifier
from .folder import Credentials
from .memory import PlantMemory
from .settings import CsvColumn, Panel, read
from .wires import Lines
from .yields import CsvYield

if TYPE_CHECKING:
    from wattpact.interfaces import Clock
    from wattpact.node.runtime import Source

OUTBOX_MAX = 4_096
KNOWN_MAX = 65_536
WAITING_MAX = 4_096
KEEPALIVE_S = 60
WINDOW = 16
SIZE_MAX = 2 * ENVELOPE_MAX + 256
"""A parcel and its topic."""
METER_PREFIX = b"m"


class PlantRun:
    """One plant's node, from its folder."""

    def __init__(
        self,
        credentials: Credentials,
        settings: Path,
        memory: PlantMemory,
        address: Address,
        clock: "Clock",
        say: Callable[[str], None],
    ) -> None:
        """PlantError if the credentials do not belong together, GatewayError if TLS does not like its files."""
        self._credentials = credentials
        self._memory = memory
        self._address = address
        self._clock = clock
        self._say = say
        self._verifier = OpensslVerifier()
        self._tls: ssl.SSLContext | None = None
        if address.secure:
            self._tls = tls_context(*credentials.tls)
        try:
            member = self._member()
        except WireError as error:
            told = "genesis.cbor, register.cbor and trading.key do not belong together: %s"
            raise PlantError(told % error) from error
        self._slot_s = member.genesis.slot_s
        self._settings = read(settings, member.genesis, member.register, clock.now())

    async def run(self) -> None:
        """Trade, until cancelled; what ends it otherwise is a fault that did not pass."""
        runtime = Runtime(
            self._core,
            self._memory,
            self._client,
            self._feeds(),
            self._clock,
            sleep_ms,
            lambda code, text: self._say("%s: %s" % (code, text)),
            waiting_max=WAITING_MAX,
        )
        await runtime.run()

    def _member(self) -> Member:
        given = self._credentials
        return Member(
            given.genesis, given.register, given.signer, self._verifier, OUTBOX_MAX, KNOWN_MAX
        )

    def _core(self, now: int) -> PlantNode:
        member = self._member()
        timing = Timing(member.genesis, member.genesis.contract_slots_max)
        panels = [
            PanelSettings(panel.panel_id, panel.clear_day_wh, panel.margin_ppm)
            for panel in self._settings.panels
        ]
        return PlantNode(member, timing, self._settings.price, panels, [], now)

    def _client(
        self, on_message: Callable[[str, bytes], Awaitable[None]], on_up: Callable[[bool], None]
    ) -> MqttClient:
        def up(fresh: bool) -> None:
            self._say("connected to the broker%s" % (", which does not know us yet" * fresh))
            on_up(fresh)

        member = self._member()
        presence = topics.broadcast(member.network, member.kid, "presence")
        return MqttClient(
            Session(member.kid.hex(), presence, self._memory.boot_count, KEEPALIVE_S, WINDOW),
            dialler(self._address.name, self._address.number, self._tls),
            on_message,
            up,
            self._note,
            lambda: time.monotonic_ns() // 1_000_000,
            sleep_ms,
            random.randrange,
            SIZE_MAX,
        )

    def _feeds(self) -> list[Feed]:
        lines = Lines()
        return [Feed(self._source(panel, lines), panel.panel_id) for panel in self._settings.panels]

    def _source(self, panel: Panel, lines: Lines) -> "Source":
        now = self._clock.now()
        if isinstance(panel.source, CsvColumn):
            return CsvYield(panel.source.path, panel.source.column, self._slot_s, now)
        key = METER_PREFIX + panel.panel_id
        kept = dict(self._memory.items()).get(key, b"")
        return lines.meter(panel.source, self._memory, key, kept, self._slot_s, now)

    def _note(self, text: str, error: BaseException | None) -> None:
        self._say("link: %s%s" % (text, ": %s" % error if error else ""))


async def sleep_ms(span_ms: int) -> None:
    """Of this machine's time."""
    await asyncio.sleep(span_ms / 1000)
