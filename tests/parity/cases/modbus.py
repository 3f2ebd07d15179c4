# SPDX-License-Identifier: Apache-2.0
"""Every Modbus driver, fed with bytes on a wire: the same figures and the same words for what went wrong."""

from binascii import hexlify, unhexlify

from tests.parity.shown import shown
from wattpact.errors import BusError
from wattpact.metering.catalog import MODBUS_METERS, OBIS, PHASE_OBIS, modbus_meter
from wattpact.metering.commissioning import SelfCheck
from wattpact.metering.modbus.float32 import scaled
from wattpact.metering.modbus.frame import crc16, decode_reply, encode_request, silence_us
from wattpact.metering.modbus.line import RtuLine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from wattpact.metering.measurement import Measurement

# Registers of one meter of each kind of map; what is not there is 0.
FLOATS = {
    0x00: "43663333",  # 230.2
    0x06: "3F5EB852",
    0x0C: "C3444CCD",
    0x1E: "BF7AE148",
    0x34: "C4CEF000",
    0x46: "4247EB85",
    0x48: "43EF3EFA",
    0x4A: "40C6E979",
    0x2000: "43663333",
    0x2002: "3F5EB852",
    0x2004: "3E48B439",
    0x2006: "45100000",
    0x200A: "3F7AE148",
    0x200C: "44BB8000",
    0x200E: "42480000",
    0x2012: "4621B800",
    0x2044: "459C5000",
    0x101E: "449A51EC",
    0x401E: "447A0000",
    0x4000: "47C35000",
}
WORDS = {
    "pzem004t": (2257, 108, 0, 244, 0, 0x86A0, 1, 500, 100, 0),
    "dds238-v1": (1, 2, 0, 0, 0, 7, 0, 65531, 0, 0, 0, 0, 2301, 87, 65336, 0, 980, 4998),
    "dds238-v2": (0, 9, 0, 0, 0, 0, 0, 0, 0, 4, 0, 5, 2301, 87, 200, 0, 980, 4998),
}


class Wire:
    """A meter of that name; `fault` is what happens to its answers."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fault = ""
        self.slept_ms = 0
        self.requests = 0
        self.incoming = b""

    def discard(self) -> None:
        self.incoming = b""

    def sleep_ms(self, ms: int) -> None:
        self.slept_ms += ms

    def write(self, content: bytes) -> None:
        self.requests += 1
        start, count = content[2] << 8 | content[3], content[4] << 8 | content[5]
        body = b""
        for address in range(start, start + count):
            body += self.word(address).to_bytes(2, "big")
        answer = content[:2] + bytes((len(body),)) + body
        if self.fault == "exception":
            answer = bytes((content[0], content[1] | 0x80, 2))
        answer += crc16(answer)
        if self.fault == "spoiled":
            answer = answer[:-1] + bytes((answer[-1] ^ 1,))
        if self.fault == "cut":
            answer = answer[:4]
        if self.fault == "silent":
            answer = b""
        self.incoming = (content if self.fault == "echo" else b"") + answer

    def word(self, address: int) -> int:
        words = WORDS.get(self.name)
        if words:
            return words[address]
        if self.name[:4] == "dtsu" and address in (6, 7):
            return (1, 10)[address - 6]
        raw = unhexlify(FLOATS.get(address & ~1, "00000000"))
        return int.from_bytes(raw[2:] if address & 1 else raw[:2], "big")

    def read(self, count: int, timeout_ms: int) -> bytes:
        got, self.incoming = self.incoming[:count], self.incoming[count:]
        return got


def told(now: "Measurement") -> str:
    """All figures."""
    phases = [
        (each.voltage_mv, each.current_ma, each.power_mw, each.power_factor_ppm)
        for each in now.phases
    ]
    return shown((now.import_uwh, now.export_uwh, now.power_mw, now.frequency_mhz, phases))


def lines() -> "Iterator[str]":
    """Each meter, well and badly; frames; floats."""
    for name, _maker, bauds, _parity, _stop in MODBUS_METERS:
        wire = Wire(name)
        driver = modbus_meter(name, RtuLine(wire, bauds[0], 300), 1)
        check = SelfCheck(driver.counting)
        for fault in ("", "echo", "silent", "spoiled", "cut", "exception"):
            wire.fault = fault
            try:
                now = driver.read()
                check.take(wire.slept_ms, now)
                yield name + " " + told(now)
            except BusError as error:
                yield name + " " + str(error)
        yield shown((wire.requests, wire.slept_ms, driver.counting.step_uwh, check.verdict()))
    for unit, function, body in ((1, 4, b"\x00\x48\x00\x04"), (0, 4, b"\x00\x00\x00\x02")):
        try:
            request = encode_request(unit, function, body)
            yield hexlify(request).decode() + " %d" % silence_us(9600)
            yield shown(decode_reply(request, request))
        except (BusError, ValueError) as error:
            yield error.__class__.__name__ + " " + str(error)
    for bits in (0, 1, 0x80000001, 0x3F000000, 0xBF000000, 0x43EF3EFA, 0x7F7FFFFF, 0x7F800000):
        try:
            yield shown([scaled(bits, scale) for scale in (1, 1000, 1000000000)])
        except BusError as error:
            yield str(error)
    yield shown([code for _name, code, _unit in OBIS] + [row[1] for row in PHASE_OBIS])
