# SPDX-License-Identifier: Apache-2.0
"""What is said to a cellular modem until it carries PPP: 3GPP TS 27.007 commands, as SIMCom's SIM7600 knows them."""

from ...compat import const
from ...errors import LinkError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Protocol

    from .keeper import Sleep

    class Serial(Protocol):
        """What is used of machine.UART."""

        def any(self) -> int:
            """Bytes that wait."""
            ...

        def read(self) -> "bytes | None":
            """All that wait."""
            ...

        def write(self, __content: bytes) -> "int | None":
            """Send."""
            ...


APN_MAX = const(63)

_TRIES = const(2)
_WAKE_TRIES = const(10)
_WAKE_MS = const(1000)
_COMMAND_MS = const(5000)
_REGISTER_TRIES = const(60)
_SECOND_MS = const(1000)
_DIAL_MS = const(30000)
_ANSWER_MAX = const(512)
_STEP_MS = const(50)
_GUARD_MS = const(1100)  # silence around +++
_FINAL = (b"OK\r", b"ERROR", b"CONNECT", b"NO CARRIER")
_REGISTERED = (b",1", b",5")  # at home, roaming
_DENIED = b",3"


def check_apn(apn: str) -> None:
    """ValueError unless it is letters, digits, dots and hyphens: it stands in quotes in a command."""
    good = 0 < len(apn) <= APN_MAX
    for char in apn:
        good = good and (
            "a" <= char <= "z" or "A" <= char <= "Z" or "0" <= char <= "9" or char in ".-"
        )
    if not good:
        raise ValueError("access.apn: letters, digits, dots and hyphens, at most %d" % APN_MAX)


class Modem:
    """One modem on one line. `power_key` presses its key once, and returns when it should have booted."""

    def __init__(
        self,
        serial: "Serial",
        apn: str,
        power_key: "Callable[[], Awaitable[None]]",
        sleep_ms: "Sleep",
    ) -> None:
        """ValueError for a wrong APN."""
        check_apn(apn)
        self._serial = serial
        self._apn = apn
        self._power_key = power_key
        self._sleep_ms = sleep_ms

    async def dial(self) -> None:
        """From whatever state it is in to data mode. LinkError names the step that failed."""
        if not await self._wake(_TRIES) and not await self._escape():
            await self._power_key()
            if not await self._wake(_WAKE_TRIES):
                raise LinkError("modem: no answer to AT: check supply, TX and RX")
        await self._command(b"ATE0")
        if b"READY" not in await self._command(b"AT+CPIN?"):
            raise LinkError("modem: no SIM, or it wants a PIN")
        await self._command(b'AT+CGDCONT=1,"IP","%s"' % self._apn.encode())
        await self._wait_for_network()
        if b"CONNECT" not in await self._say(b"ATD*99#", _DIAL_MS):
            raise LinkError("modem: the network gives no connection: check the APN")

    async def _wake(self, tries: int) -> bool:
        """Whether it answers AT: it may still boot, or find out our baud rate."""
        for _ in range(tries):
            if b"OK" in await self._say(b"AT", _WAKE_MS):
                return True
        return False

    async def _escape(self) -> bool:
        """Out of data mode, in which it takes AT for somebody's mail."""
        await self._sleep_ms(_GUARD_MS)
        self._serial.write(b"+++")
        await self._sleep_ms(_GUARD_MS)
        return await self._wake(_TRIES)

    async def _command(self, command: bytes) -> bytes:
        answer = await self._say(command, _COMMAND_MS)
        if b"OK" not in answer:
            raise LinkError("modem: %s was refused" % command.split(b"=")[0].decode())
        return answer

    async def _wait_for_network(self) -> None:
        """LTE reports on CEREG, 2G and 3G on CGREG: <n>,<stat>."""
        for _ in range(_REGISTER_TRIES):
            for asked in (b"AT+CEREG?", b"AT+CGREG?"):
                state = (await self._say(asked, _COMMAND_MS)).split(b"REG: ")[-1].split(b"\r")[0]
                if state[1:3] in _REGISTERED:
                    return
                if state[1:3] == _DENIED:
                    raise LinkError("modem: the network refuses this SIM")
            await self._sleep_ms(_SECOND_MS)
        raise LinkError("modem: no network in reach: check the antenna")

    async def _say(self, command: bytes, span_ms: int) -> bytes:
        """Its answer up to the final line, or what came within `span_ms`."""
        self._serial.read()
        self._serial.write(command + b"\r")
        answer = b""
        while span_ms > 0 and not _is_final(answer):
            await self._sleep_ms(_STEP_MS)
            span_ms -= _STEP_MS
            if self._serial.any():
                answer = (answer + (self._serial.read() or b""))[-_ANSWER_MAX:]
        return answer


def _is_final(answer: bytes) -> bool:
    for word in _FINAL:
        if word in answer:
            return True
    return False
