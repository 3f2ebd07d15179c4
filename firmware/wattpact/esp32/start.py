# SPDX-License-Identifier: Apache-2.0
"""From power-on to a node at work: reads what was provisioned, builds every part, waits for network and time, runs.

    /board.json                     what kind of board this is (board.py)
    /node/genesis.cbor              the network, as the issuer signed it
    /node/register.cbor             this node, as the registrar signed it
    /node/ca.der, /node/tls.der     the broker's authority, this device's certificate
    /node/settings.json             what user and operator want; no secret (docs/boards.md)
    /state/                         the store (flash_store.py)
    NVS                             trading key, TLS key, network password (vault.py)

What is missing or wrong there is a ValueError that says so, and the board waits for its owner. Whatever else fails
ends in a reset: a board has nobody to ask.
"""

import asyncio
import gc
import json
import time
from binascii import hexlify
from os import urandom

from esp32 import NVS
from machine import RTC, WDT, reset

from ..assembly import buyer, id_of, node_core, panel_ids
from ..compat import const
from ..crypto.ecdsa import keep_peers
from ..crypto.signer import SoftwareSigner, SoftwareVerifier
from ..errors import WireError
from ..ledger.light import LightClient
from ..link.dial import dialler, tls_context
from ..link.mqtt import MqttClient
from ..link.session import Session
from ..log import ERROR, INFO, LINES, WARNING, Log
from ..metering.measurement import UWH, Site
from ..metering.slots import SlotMeter
from ..node.member import PARCEL_SIZE_MAX, Member
from ..node.meter import CHECKPOINT_KEY
from ..node.runtime import Feed, Runtime
from ..wire import topics
from ..wire.messages import ROLE_METER, ROLE_PLANT
from .access.chosen import access_of
from .access.keeper import keep_up, until
from .board import POLL_S, RATED_W, Board
from .clock import BoardClock, SystemTime, ntp_time
from .flash_store import FlashStore, Folder
from .vault import ACCESS_KEY, NAMESPACE, TLS_KEY, TRADING_KEY, Vault
from .watchdog import Watchdog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any

    from ..home.assistant import HomeAssistant
    from ..interfaces import Signer, Verifier
    from ..link.mqtt import Dial
    from ..node.runtime import OnMessage, OnUp

    Settings = dict[str, Any]

COLLECT_BYTES = const(
    16384
)  # taken from the heap until it is collected: garbage does not spread over all of it
PEERS = const(4)
PEER_TEETH = const(
    4
)  # a comb of 1 KiB, not of 4: a third more time for a signature of a peer's (docs/signatures.md)
KEEPALIVE_S = const(60)
WINDOW = const(4)
METER_PREFIX = b"m"  # of keys in the store
NTP_HOST = "pool.ntp.org"
NTP_AGAIN_MS = const(6 * 3600000)
NTP_RETRY_MS = const(15000)
REPL_MS = const(3600000)  # for a person who interrupted the node
PAUSE_MS = const(5000)
SPEAK_MS = const(30000)

_STORE_SHARE = const(8)  # two journals take a quarter of the file system
_TOPIC_MAX = const(128)
_SEVERE = ("fault", "alarm")
_ORDINARY = ("network", "clock", "start")


def main() -> None:
    """Run the node; return only to somebody at the console."""
    try:
        asyncio.run(run(""))
    except ValueError as error:
        print("not started:", error)
        return
    except KeyboardInterrupt:
        WDT(timeout=REPL_MS)
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, a reset is what is left
        print("reset after", type(error).__name__, error)
    time.sleep_ms(PAUSE_MS)
    reset()


async def run(root: str) -> None:
    """Never returns but by an error. `root` is where the flash begins."""
    node = Node(root)
    node.wake()
    await node.find_time()
    await node.work()


class Node:
    """What was provisioned, and the parts that were built from it."""

    def __init__(self, root: str) -> None:
        """ValueError if anything is missing or wrong: nothing runs yet."""
        gc.threshold(COLLECT_BYTES)
        keep_peers(PEERS, PEER_TEETH)
        self._root = root
        self.board = Board(_json(root, "/board.json"))
        self.settings = _json(root, "/node/settings.json")
        if "meters" in self.settings:
            self.board.use_meters(self.settings["meters"])
        self.vault = Vault(NVS(NAMESPACE))
        self._verifier = SoftwareVerifier()
        self._signer = _signer(self.board, self.vault, self._verifier)
        self._genesis = _file(root, "/node/genesis.cbor")
        self._register = _file(root, "/node/register.cbor")
        self.member = self._member()
        node_core(self.member, self.settings, 0)
        self.sleep_ms: "Callable[[int], Awaitable[None]]" = asyncio.sleep_ms
        self._access = access_of(
            self.board.access,
            self.settings.get("access", {}),
            self.vault.read(ACCESS_KEY).decode(),
            self.sleep_ms,
        )
        self._dial = _dial(root, self.settings, self.vault)
        self._ntp_host = self.settings.get("ntp", NTP_HOST)

    def wake(self) -> None:
        """From here on the watchdog watches. Opens the store and the clock."""
        self.watchdog = Watchdog(WDT(timeout=self.board.watchdog_s * 1000), self.sleep_ms)
        self.clock = BoardClock(SystemTime(RTC()), self.vault)
        self.log = Log(lambda: self.clock.now() if self.clock.trusted else 0, LINES, INFO, print)
        size_max = self.board.files_kib * 1024 // _STORE_SHARE
        self.store = FlashStore(Folder(self._root + "/state"), size_max)
        if self.store.lost:
            self.note("store", "lost " + self.store.lost)
        for key, kept in self.store.items():
            if key == CHECKPOINT_KEY:
                last = LightClient(self.member.genesis, self._verifier, kept).last
                self.clock.take_signed(last.time if last else 0)
        self._boot_count = self.vault.count_boot()
        self.note("start", "boot %d on %s" % (self._boot_count, self.board.name))

    async def find_time(self) -> None:
        """Into the network, and the time from there. The watchdog ends it when it takes too long."""
        keeping = keep_up(self._access, self.note, self.sleep_ms, _jitter)
        self._keeping = asyncio.create_task(self._guarded(keeping))
        while not self.clock.trusted:
            if await until(self._access.is_up, NTP_RETRY_MS, self.watchdog.pause_ms):
                self._ask_time()
            if not self.clock.trusted:
                await self.watchdog.pause_ms(NTP_RETRY_MS)

    async def work(self) -> None:
        """The node itself. Raises what went wrong again and again."""
        gc.collect()  # before TLS, which wants its memory in one piece
        feeds = self._feeds()
        runtime = Runtime(
            lambda now: node_core(self._member(), self.settings, now),
            self.store,
            self._client,
            feeds,
            self.clock,
            self.sleep_ms,
            self.note,
            self.watchdog.feed,
            home=self._home(feeds[0].source, lambda: runtime.core),
        )
        minding = asyncio.create_task(self._guarded(self._mind_time()))
        speaking = asyncio.create_task(self._guarded(self._speak(feeds)))
        try:
            await runtime.run()
        finally:
            minding.cancel()
            speaking.cancel()
            self._keeping.cancel()

    def note(self, code: str, text: str) -> None:
        """For the log."""
        level = ERROR if code in _SEVERE else INFO if code in _ORDINARY else WARNING
        self.log.add(level, code, text)

    def _member(self) -> Member:
        try:
            return Member(self._genesis, self._register, self._signer, self._verifier)
        except WireError as error:
            raise ValueError(
                "/node: genesis, registration and key do not belong together: %s" % error
            )

    def _feeds(self) -> "list[Feed]":
        """The home's own meter; a plant's, one at each panel."""
        panels = panel_ids(self.member)
        if not panels:
            return [Feed(self._slot_meter(self.settings.get("meter", "")))]
        found: "list[Feed]" = []
        for row in self.settings["plant"]["panels"]:
            panel_id = id_of(row["panel"], "plant.panels.panel")
            found.append(Feed(self._slot_meter(row.get("meter", "")), panel_id))
        return found

    def _slot_meter(self, name: str) -> SlotMeter:
        driver, row = self.board.meter(name)
        key = METER_PREFIX + row["name"].encode()
        kept = [value for at, value in self.store.items() if at == key]
        feeds_in = self.settings.get("feeds_in", ROLE_PLANT in self.member.register.roles)
        return SlotMeter(
            driver,
            self.store,
            key,
            kept[0] if kept else b"",
            Site(row[RATED_W], self.board.nominal_v * 1000, feeds_in is True),
            self.member.genesis.slot_s,
            row.get("poll_s", POLL_S),
            self.clock.now(),
        )

    def _home(self, meter: "Any", core: "Callable[[], Any]") -> "HomeAssistant | None":
        """The user's Home Assistant, if the user has one; a plant without a home has none."""
        wanted = self.settings.get("home", False)
        if wanted is False or ROLE_METER not in self.member.register.roles:
            return None
        if wanted is not True and type(wanted) is not str:
            raise ValueError("settings.json: home: must be true, false or a discovery prefix")
        from ..home.fitted import fitted  # only boards that have one

        prefix = "" if wanted is True else wanted
        member, model = self.member, self.board.name
        return fitted(prefix, member, lambda: buyer(core()), meter, model, _jitter)

    def _client(self, on_message: "OnMessage", on_up: "OnUp") -> MqttClient:
        def up(fresh: bool) -> None:
            self.clock.confirm()  # the broker's certificate was valid now
            on_up(fresh)

        kid = self.member.kid
        presence = topics.broadcast(self.member.network, kid, "presence")
        return MqttClient(
            Session(hexlify(kid).decode(), presence, self._boot_count, KEEPALIVE_S, WINDOW),
            self._dial,
            on_message,
            up,
            lambda text, error: self.note("link", "%s: %s" % (text, error) if error else text),
            time.ticks_ms,
            self.sleep_ms,
            _jitter,
            PARCEL_SIZE_MAX + _TOPIC_MAX,
        )

    async def _guarded(self, work: "Coroutine[Any, Any, None]") -> None:
        """What runs beside the node and must not end: nobody would notice that the network is not kept up any more."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - whatever it is, a reset is what is left
            self.note("fault", "%s: %s" % (type(error).__name__, error))
            reset()

    async def _speak(self, feeds: "list[Feed]") -> None:
        """What each meter shows, for whoever looks at the console; the log has room for better things."""
        while True:
            await self.sleep_ms(SPEAK_MS)
            for feed in feeds:
                meter: "Any" = feed.source
                now = meter.measurement
                if now is None:
                    print("meter: no reading:", meter.fault)
                else:
                    wh = meter.counters.imported.uwh // UWH, meter.counters.exported.uwh // UWH
                    shown = (now.power_mw // 1000, wh[0], wh[1])
                    print("meter: %d W, import %d Wh, export %d Wh" % shown)

    async def _mind_time(self) -> None:
        while True:
            await self.sleep_ms(NTP_AGAIN_MS)
            self._ask_time()
            if self.clock.is_doubtful():
                raise OSError("the clock is wrong, or NTP is")

    def _ask_time(self) -> None:
        try:
            told = self.clock.take(ntp_time(self._ntp_host))
        except OSError as error:
            told = "NTP: no answer: %s" % error
        if told:
            self.note("clock", told)


def _signer(board: Board, vault: Vault, verifier: "Verifier") -> "Signer":
    """The trading key, in memory or in a secure element. ValueError if there is none."""
    kind = board.key["kind"]
    if kind == "software":
        secret = vault.read(TRADING_KEY)
        if not secret:
            raise ValueError("NVS: no trading key: provision this board")
        return SoftwareSigner(secret)
    if kind == "atecc608":
        from ..element.atecc608 import Atecc608  # only boards that have one
        from ..element.signer import Atecc608Signer

        chip = Atecc608(board.i2c(board.key["bus"]), time.sleep_us, board.key["address"])
        return Atecc608Signer(chip, board.key["slot"], verifier)
    raise ValueError("board.json: key.kind: %s is none of software, atecc608" % kind)


def _dial(root: str, settings: "Settings", vault: Vault) -> "Dial":
    """To the broker, with TLS unless the settings say "tls": false, which is for a bench."""
    broker = settings.get("broker")
    if type(broker) is not dict or type(broker.get("host")) is not str:
        raise ValueError("settings.json: broker.host is missing")
    host, tls = broker["host"], broker.get("tls", True)
    context = None
    if tls:
        key = vault.read(TLS_KEY)
        if not key:
            raise ValueError("NVS: no TLS key: provision this board")
        context = tls_context(_file(root, "/node/ca.der"), _file(root, "/node/tls.der"), key)
    return dialler(host, broker.get("port", 8883 if tls else 1883), context, broker.get("name", ""))


def _file(root: str, name: str) -> bytes:
    try:
        with open(root + name, "rb") as file:
            return file.read()
    except OSError:
        raise ValueError("%s is missing: provision this board" % name)


def _json(root: str, name: str) -> "dict[str, Any]":
    text = _file(root, name)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError("%s: %s" % (name, error))
    if type(found) is not dict:
        raise ValueError("%s: is no object" % name)
    return found


def _jitter(bound: int) -> int:
    """0 to bound - 1; nothing secret."""
    return int.from_bytes(urandom(4), "big") % bound
