# SPDX-License-Identifier: Apache-2.0
"""A board at its console, by mpremote's own transport: what flash.py and provision.py say to it.

Whatever runs there is interrupted. Each call to `ask` runs a few lines on the board and gives back what they print.
"""

import ast
import struct
from contextlib import redirect_stdout
from io import StringIO
from types import TracebackType
from typing import Any, Self

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

BAUD = 115_200
READ_S = 5
"""Without it a read from a silent board never ends: at a pseudo-terminal mpremote's own limits do not count."""
ENTRIES = 3
CHUNK_BYTES = 1_024
ARCHITECTURES = {10: "xtensawin", 11: "rv32imc"}  # sys.implementation._mpy >> 10
MPY_VERSION = 6
HASHES = """
import os, hashlib
def under(folder):
    found = []
    try:
        rows = list(os.ilistdir(folder or '/'))
    except OSError:
        return found
    for row in rows:
        name = folder + '/' + row[0]
        if row[1] & 0x4000:
            found += under(name)
        else:
            found.append(name)
    return found
def digest(name):
    taken = hashlib.sha256()
    with open(name, 'rb') as file:
        while True:
            chunk = file.read(1024)
            if not chunk:
                break
            taken.update(chunk)
    return taken.digest().hex()
"""


FAILURES = (TransportError, OSError, struct.error)  # struct: fewer bytes than mpremote asked for


class ConsoleError(Exception):
    """Why a board cannot be spoken to, or what it says; one line."""


class Console:
    """A board at a serial device; `with` interrupts what runs there and, at the end, leaves its prompt."""

    def __init__(self, device: str) -> None:
        """ConsoleError says what to do if nobody answers."""
        try:
            self._wire: Any = SerialTransport(device, BAUD, timeout=READ_S)
            self._enter()
        except FAILURES as error:
            raise ConsoleError(
                "%s: no MicroPython answers: is it the board's, free and powered? (%s)"
                % (device, str(error).splitlines()[0])
            ) from None

    def _enter(self) -> None:
        """A board that is just starting hears nothing at first; TransportError if it still does not."""
        for _ in range(ENTRIES - 1):
            try:
                with redirect_stdout(StringIO()):  # mpremote prints what it heard instead
                    self._wire.enter_raw_repl(soft_reset=False)
                return
            except TransportError:
                pass
        self._wire.enter_raw_repl(soft_reset=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Back at the prompt, if it is still there."""
        try:
            self._wire.exit_raw_repl()
        except FAILURES:
            pass  # it was reset, or pulled out
        self._wire.close()

    def ask(self, code: str) -> str:
        """What `code` prints on the board; ConsoleError with the last line of its traceback."""
        try:
            said: bytes = self._wire.exec(code)
        except TransportExecError as error:
            output: Any = error.error_output
            raise ConsoleError("the board: %s" % _last_line(output)) from None
        except FAILURES as error:
            raise ConsoleError("the board fell silent: %s" % error) from None
        return said.decode().strip()

    def value(self, expression: str) -> Any:
        """A literal that the board computes."""
        return self.value_of("print(repr(%s))" % expression)

    def value_of(self, code: str) -> Any:
        """A literal that `code` prints."""
        return ast.literal_eval(self.ask(code))

    def hashes(self, folder: str) -> dict[str, str]:
        """SHA-256 in hex of every file under `folder`, "" for all, by full name."""
        self.ask(HASHES)
        return {name: self.value("digest(%r)" % name) for name in self.value("under(%r)" % folder)}

    def write(self, name: str, content: bytes) -> None:
        """A file, under its name at once when it is whole; folders are made."""
        folder = name.rsplit("/", 1)[0]
        parts = folder.split("/")[1:]
        self.ask(
            "import os\n"
            "for count in range(1, %d):\n"
            "    try:\n"
            "        os.mkdir('/' + '/'.join(%r[:count]))\n"
            "    except OSError:\n"
            "        pass\n"
            "f = open(%r, 'wb')" % (len(parts) + 1, parts, name + ".part")
        )
        for first in range(0, len(content), CHUNK_BYTES):
            self.ask("f.write(%r) and None" % content[first : first + CHUNK_BYTES])
        self.ask("f.close()\nos.rename(%r, %r)" % (name + ".part", name))

    def fresh(self) -> None:
        """An interpreter that has loaded nothing yet, on the same flash."""
        try:
            self._wire.enter_raw_repl(soft_reset=True)
        except FAILURES as error:
            raise ConsoleError("the board fell silent: %s" % error) from None

    def reset(self) -> None:
        """As its button does; nothing can be asked any more."""
        try:
            self._wire.exec_raw_no_follow("import machine\nmachine.reset()")
        except FAILURES:
            pass  # it went before it could answer


def check_build(console: Console, arch: str) -> None:
    """ConsoleError if the board's MicroPython cannot load an image for `arch`."""
    code = console.value("__import__('sys').implementation._mpy")
    if code & 0xFF != MPY_VERSION:
        raise ConsoleError(
            "its MicroPython loads .mpy of version %d, and this is %d" % (code & 0xFF, MPY_VERSION)
        )
    native = ARCHITECTURES.get(code >> 10)
    if native and arch in ARCHITECTURES.values() and native != arch:
        raise ConsoleError("it is a %s, and the image is for %s" % (native, arch))


def _last_line(text: bytes | str) -> str:
    told = text.decode(errors="replace") if isinstance(text, bytes) else text
    return (told.strip().splitlines() or ["no reason"])[-1]
