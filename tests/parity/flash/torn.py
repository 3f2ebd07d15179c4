# SPDX-License-Identifier: Apache-2.0
"""A file system in memory whose power fails after so many steps, for both interpreters.

A step is a byte written, or a file begun, flushed or removed. What then is on the flash is one of three: every byte
that was written; only what was flushed; that and bytes that nobody wrote.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wattpact.esp32.flash_store import File

WRITTEN = 0
FLUSHED = 1
SPOILED = 2
AFTERMATHS = (WRITTEN, FLUSHED, SPOILED)
SPOIL = b"\x00\xff\x5a"


class PowerCut(Exception):
    """It is dark."""


class Content:
    """One file: its bytes, and how many of them were flushed."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.flushed = 0


class Disk:
    """What lies in the folder, what may still be done to it, what was done."""

    def __init__(self) -> None:
        self.files: "dict[str, Content]" = {}
        self.steps_left = -1  # no end
        self.steps = 0
        self.written = 0
        self.room = -1  # bytes that fit; no end

    def step(self) -> None:
        if self.steps_left == 0:
            raise PowerCut
        self.steps_left -= 1
        self.steps += 1

    def after(self, aftermath: int) -> "Disk":
        """What a board finds that starts again, with the power on for good."""
        found = Disk()
        for name, content in self.files.items():
            kept = Content()
            size = len(content.data) if aftermath == WRITTEN else content.flushed
            kept.data.extend(content.data[:size])
            if aftermath == SPOILED and content.flushed < len(content.data):
                kept.data.extend(SPOIL)
            kept.flushed = len(kept.data)
            found.files[name] = kept
        return found


class OpenFile:
    """File (flash_store.py) over a Content."""

    def __init__(self, disk: Disk, content: Content, place: int) -> None:
        self._disk = disk
        self._content = content
        self._place = place

    def read(self, size: int) -> bytes:
        found = bytes(self._content.data[self._place : self._place + size])
        self._place += len(found)
        return found

    def seek(self, offset: int) -> int:
        self._place = offset
        return offset

    def write(self, content: bytes) -> None:
        disk = self._disk
        for byte in content:
            disk.step()
            if disk.room == 0:
                raise OSError("no space left on device")
            disk.room -= 1
            self._content.data.append(byte)
            disk.written += 1

    def flush(self) -> None:
        self._disk.step()
        self._content.flushed = len(self._content.data)

    def close(self) -> None:
        self._content.flushed = len(self._content.data)


class TornFolder:
    """Folder (flash_store.py) on a Disk."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk

    def names(self) -> "list[str]":
        return sorted(self.disk.files)

    def open(self, name: str, mode: str) -> "File":
        disk = self.disk
        if mode == "wb":
            disk.step()
            disk.files[name] = Content()
        content = disk.files[name]
        return OpenFile(disk, content, len(content.data) if mode == "ab" else 0)

    def remove(self, name: str) -> None:
        self.disk.step()
        del self.disk.files[name]
