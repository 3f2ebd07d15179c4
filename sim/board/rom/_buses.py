# SPDX-License-Identifier: Apache-2.0
"""`machine.SPI`, `I2C` and `UART`: bytes over wires to whatever the board has at their other end."""

import io

import utime
from _pin import number
from outside import call

_PARITY = {None: 0, 0: 1, 1: 2}  # none, even, odd


class SPI:
    MSB, LSB = 0, 1
    # (sck, mosi, miso) of SPI(1) and SPI(2) if nothing else is said
    _PINS = ((14, 13, 12), (18, 23, 19))

    def __init__(
        self,
        id,
        baudrate=1_000_000,
        *,
        polarity=0,
        phase=0,
        bits=8,
        firstbit=MSB,
        sck=None,
        mosi=None,
        miso=None,
    ):
        if id not in (1, 2):
            raise ValueError("SPI(%d) doesn't exist" % id)
        pins = (sck, mosi, miso)
        self._pins = [number(p if p is not None else d) for p, d in zip(pins, self._PINS[id - 1])]
        self.init(baudrate, polarity=polarity, phase=phase, bits=bits, firstbit=firstbit)

    def init(
        self,
        baudrate=1_000_000,
        *,
        polarity=0,
        phase=0,
        bits=8,
        firstbit=MSB,
        sck=None,
        mosi=None,
        miso=None,
    ):
        if bits != 8 or firstbit != SPI.MSB:
            raise NotImplementedError("8 bits, the highest first")
        for at, pin in enumerate((sck, mosi, miso)):
            if pin is not None:
                self._pins[at] = number(pin)
        self._bus = call(
            "spi_open", self._pins[0], self._pins[1], self._pins[2], baudrate, polarity * 2 + phase
        )

    def deinit(self):
        self._bus = -1

    def write_readinto(self, write_buf, read_buf):
        if len(write_buf) != len(read_buf):
            raise ValueError("buffers must be the same length")
        call("spi_exchange", self._bus, write_buf, read_buf)

    def readinto(self, buf, write=0):
        self.write_readinto(bytes([write]) * len(buf), buf)

    def read(self, nbytes, write=0):
        buf = bytearray(nbytes)
        self.readinto(buf, write)
        return bytes(buf)

    def write(self, buf):
        self.write_readinto(buf, bytearray(len(buf)))


class SoftSPI(SPI):
    def __init__(
        self,
        baudrate=500_000,
        *,
        polarity=0,
        phase=0,
        bits=8,
        firstbit=SPI.MSB,
        sck=None,
        mosi=None,
        miso=None,
    ):
        self._pins = [number(sck), number(mosi), number(miso)]
        self.init(baudrate, polarity=polarity, phase=phase, bits=bits, firstbit=firstbit)


class I2C:
    _PINS = ((18, 19), (25, 26))  # (scl, sda)

    def __init__(self, id, *, scl=None, sda=None, freq=400_000, timeout=50_000):
        if id not in (0, 1):
            raise ValueError("I2C(%d) doesn't exist" % id)
        default = self._PINS[id]
        scl = default[0] if scl is None else scl
        self.init(scl=scl, sda=default[1] if sda is None else sda, freq=freq)

    def init(self, *, scl, sda, freq=400_000):
        self._bus = call("i2c_open", number(scl), number(sda), freq)

    def scan(self):
        found = []
        for address in range(8, 120):
            try:
                self.writeto(address, b"")
                found.append(address)
            except OSError:
                pass
        return found

    def writeto(self, addr, buf, stop=True):
        return call("i2c_write", self._bus, addr, buf, 1 if stop else 0)

    def writevto(self, addr, vector, stop=True):
        return self.writeto(addr, b"".join(bytes(part) for part in vector), stop)

    def readfrom_into(self, addr, buf, stop=True):
        call("i2c_read", self._bus, addr, buf)

    def readfrom(self, addr, nbytes, stop=True):
        buf = bytearray(nbytes)
        self.readfrom_into(addr, buf, stop)
        return bytes(buf)

    def writeto_mem(self, addr, memaddr, buf, *, addrsize=8):
        self.writeto(addr, memaddr.to_bytes(addrsize // 8, "big") + bytes(buf))

    def readfrom_mem_into(self, addr, memaddr, buf, *, addrsize=8):
        self.writeto(addr, memaddr.to_bytes(addrsize // 8, "big"), False)
        self.readfrom_into(addr, buf)

    def readfrom_mem(self, addr, memaddr, nbytes, *, addrsize=8):
        buf = bytearray(nbytes)
        self.readfrom_mem_into(addr, memaddr, buf, addrsize=addrsize)
        return bytes(buf)


class SoftI2C(I2C):
    def __init__(self, scl, sda, *, freq=400_000, timeout=50_000):
        self.init(scl=scl, sda=sda, freq=freq)


class UART(io.IOBase):
    INV_TX, INV_RX, INV_RTS, INV_CTS = 32, 4, 64, 8
    RTS, CTS = 1, 2
    IRQ_RX, IRQ_RXIDLE, IRQ_BREAK = 1, 2, 4

    def __init__(self, id, baudrate=115_200, bits=8, parity=None, stop=1, **options):
        if id not in (0, 1, 2):
            raise ValueError("UART(%d) does not exist" % id)
        self._pins = [-1, -1]
        self._timeout_ms = 0
        self._timeout_char_ms = 0
        self.init(baudrate, bits, parity, stop, **options)

    def init(
        self,
        baudrate=115_200,
        bits=8,
        parity=None,
        stop=1,
        *,
        tx=None,
        rx=None,
        txbuf=256,
        rxbuf=256,
        timeout=0,
        timeout_char=0,
        rts=None,
        cts=None,
        invert=0,
        flow=0,
    ):
        for at, pin in enumerate((tx, rx)):
            if pin is not None:
                self._pins[at] = number(pin)
        self._timeout_ms = timeout
        self._timeout_char_ms = timeout_char
        self._bus = call(
            "uart_open", self._pins[0], self._pins[1], baudrate, _PARITY[parity], stop, rxbuf
        )

    def deinit(self):
        self._bus = -1

    def any(self):
        return call("uart_any", self._bus)

    def readinto(self, buf, nbytes=-1):
        """How many bytes came in time, None if none did."""
        wanted = len(buf) if nbytes < 0 else min(nbytes, len(buf))
        view = memoryview(buf)
        got = 0
        limit_ms = self._timeout_ms
        while got < wanted:
            count = call("uart_read", self._bus, view[got:wanted])
            got += count
            if got == wanted or not self._come(limit_ms if not count else self._timeout_char_ms):
                break
            limit_ms = self._timeout_char_ms
        return got or None

    def read(self, nbytes=-1):
        if nbytes < 0:
            found = b""
            while self._come(self._timeout_char_ms if found else self._timeout_ms):
                part = bytearray(self.any())
                found += bytes(part[: call("uart_read", self._bus, part)])
            return found or None
        part = bytearray(nbytes)
        count = self.readinto(part)
        return None if count is None else bytes(part[:count])

    def readline(self):
        found = b""
        while not found.endswith(b"\n"):
            part = self.read(1)
            if part is None:
                break
            found += part
        return found or None

    def write(self, buf):
        return call("uart_write", self._bus, buf)

    def flush(self):
        while not self.txdone():
            utime.sleep_ms(1)

    def txdone(self):
        return bool(call("uart_sent", self._bus))

    def sendbreak(self):
        """Nobody here takes it for anything."""

    def ioctl(self, request, argument):
        """3 is poll: 1 to read, 4 to write."""
        if request != 3:
            return -1
        return (argument & 4) | (argument & 1 if self.any() else 0)

    def _come(self, limit_ms):
        """Whether a byte comes in time."""
        began = utime.ticks_ms()
        while not self.any():
            if utime.ticks_diff(utime.ticks_ms(), began) >= limit_ms:
                return False
            utime.sleep_ms(1)
        return True
