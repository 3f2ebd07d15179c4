# SPDX-License-Identifier: Apache-2.0
"""The friendly prompt's line editor: echo, backspace, statements of more than one line, blocks that are pasted.

Without a board's history, completion and automatic indentation.
"""

from collections.abc import Callable

CTRL_A, CTRL_B, CTRL_C, CTRL_D, CTRL_E = 1, 2, 3, 4, 5
ESCAPE = 0x1B
BACKSPACES = (8, 127)
COMPOUND = ("@", "if", "while", "for", "try", "with", "def", "class", "async")
PASTE_MODE = b"\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== "


class Statement:
    """What was typed, or pasted as a `block` of statements."""

    def __init__(self, text: str, *, block: bool) -> None:
        self.text = text
        self.block = block


def goes_on(text: str) -> bool:
    """Whether a statement has more lines to come: mp_repl_continue_with_input in py/repl.c."""
    depth = 0
    quote = ""
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if quote:
            if text.startswith(quote, at):
                at += len(quote)
                quote = ""
                continue
            if text[at] == "\n" and len(quote) == 1:
                quote = ""
        elif text[at] in "\"'":
            quote = text[at] * 3 if text.startswith(text[at] * 3, at) else text[at]
            at += len(quote)
            continue
        elif text[at] in "([{":
            depth += 1
        elif text[at] in ")]}":
            depth -= 1
        at += 1
    compound = text.startswith("@") or text.replace(":", " ").split(" ")[0] in COMPOUND
    return (
        len(quote) == 3
        or depth > 0
        or text.endswith("\\")
        or (compound and not text.endswith("\n"))
    )


class Prompt:
    """Reads bytes, echoes them, and gives statements."""

    def __init__(self, read_byte: Callable[[], int], write: Callable[[bytes], None]) -> None:
        self._read_byte = read_byte
        self._write = write

    def read_statement(self) -> Statement | int:
        """A statement that is not empty, or CTRL_A, CTRL_B or CTRL_D pressed on an empty line."""
        while True:
            told = self._read_line(b">>> ")
            if told == CTRL_E:
                block = self._read_block()
                if block:
                    return Statement(block, block=True)
            elif isinstance(told, int):
                if told != CTRL_C:
                    return told
            else:
                text = self._rest_of(told)
                if text.strip():
                    return Statement(text, block=False)

    def _rest_of(self, text: str) -> str:
        """`text` with the lines that belong to it; "" after Ctrl-C."""
        while goes_on(text):
            told = self._read_line(b"... ")
            if told == CTRL_C:
                return ""
            if isinstance(told, int):
                break
            text += "\n" + told
        return text

    def _read_line(self, prompt: bytes) -> str | int:
        """A line without its end, or a control character; each but Ctrl-C only where the line is empty."""
        self._write(prompt)
        line = bytearray()
        while True:
            byte = self._read_byte()
            if byte == CTRL_C or (byte in (CTRL_A, CTRL_B, CTRL_D, CTRL_E) and not line):
                if byte != CTRL_E:
                    self._write(b"\r\n")
                return byte
            if byte in (13, 10):
                self._write(b"\r\n")
                return line.decode("utf-8", "replace")
            if byte in BACKSPACES:
                if line:
                    line.pop()
                    self._write(b"\b \b")
            elif byte == ESCAPE:
                self._skip_sequence()
            elif byte >= 32:
                line.append(byte)
                self._write(bytes([byte]))

    def _read_block(self) -> str:
        """All until Ctrl-D; "" after Ctrl-C."""
        self._write(PASTE_MODE)
        block = bytearray()
        while True:
            byte = self._read_byte()
            if byte in (CTRL_C, CTRL_D):
                self._write(b"\r\n")
                return block.decode("utf-8", "replace") if byte == CTRL_D else ""
            if byte == 13:
                block.append(10)
                self._write(b"\r\n=== ")
            else:
                block.append(byte)
                self._write(bytes([byte]))

    def _skip_sequence(self) -> None:
        """An arrow or another key of a terminal."""
        if self._read_byte() in (ord("["), ord("O")):
            while not 0x40 <= self._read_byte() <= 0x7E:
                pass
