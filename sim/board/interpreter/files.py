# SPDX-License-Identifier: Apache-2.0
"""What a guest's file descriptors stand for: the flash, modules that a board has in its firmware, devices, the line.

Errors are OSError with this machine's numbers.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from errno import EBADF, EISDIR, EROFS, ESPIPE
from pathlib import Path

from sim.board.flash import Flash, FlashFile

ROM = "/.rom"
"""Beside the flash's root, not listed in it: where the modules of the firmware are imported from."""
JOB = ROM + "/job"
RANDOM = ("/dev/random", "/dev/urandom")  # the first one is what os.urandom opens
BARE = ROM + "/line"
"""The line without translation of line ends, as sys.stdout.buffer is."""
STDIN, STDOUT, STDERR, ROOT = 0, 1, 2, 3
FIRST_FREE = 4


@dataclass
class Folder:
    """An open folder."""

    path: str


@dataclass
class Device:
    """Something that is a stream and no file."""

    read: Callable[[int], bytes]
    write: Callable[[bytes], None]


@dataclass
class RomFile:
    """A file of the firmware."""

    content: bytes
    position: int = 0


Opened = Folder | Device | RomFile | FlashFile


class Files:
    """One guest's descriptors."""

    def __init__(self, flash: Flash, rom: list[Path], serial: Device, bare: Device) -> None:
        """`serial` is what print writes to and what sys.stdin reads from. `rom` are folders of modules."""
        self.job = b""  # the source that runs next
        self._flash = flash
        self._rom = rom
        self._bare = bare
        self._opened: dict[int, Opened] = dict.fromkeys((STDIN, STDOUT, STDERR), serial)
        self._opened[ROOT] = Folder("/")

    def find(self, descriptor: int) -> Opened:
        """What it stands for."""
        found = self._opened.get(descriptor)
        if found is None:
            raise OSError(EBADF, "descriptor %d" % descriptor)
        return found

    def kind(self, path: str) -> tuple[bool, int, int]:
        """Whether a folder, bytes, time of change in Unix seconds."""
        if path.startswith("/dev/") or path == BARE:
            return False, 0, 0
        if path == ROM:
            return True, 0, 0
        if path.startswith(ROM + "/"):
            return self._rom_kind(path)
        return self._flash.stat(path)

    def names(self, path: str) -> list[tuple[str, bool]]:
        """What a folder holds: name, whether a folder."""
        if path == ROM or path.startswith(ROM + "/"):
            return []
        return self._flash.names(path)

    def make_folder(self, path: str) -> None:
        """Of the flash."""
        check_writable(path)
        self._flash.make_folder(path)

    def remove_folder(self, path: str) -> None:
        """An empty one."""
        check_writable(path)
        self._flash.remove_folder(path)

    def remove_file(self, path: str) -> None:
        """Of the flash."""
        check_writable(path)
        self._flash.remove_file(path)

    def rename(self, old: str, new: str) -> None:
        """At once."""
        check_writable(old)
        check_writable(new)
        self._flash.rename(old, new)

    def open(
        self,
        path: str,
        *,
        write: bool,
        create: bool,
        exclusive: bool,
        truncate: bool,
        append: bool,
    ) -> int:
        """A new descriptor."""
        opened: Opened
        if path in RANDOM:
            opened = Device(os.urandom, discard)
        elif path == BARE:
            opened = self._bare
        elif path.startswith(ROM + "/"):
            if write:
                raise OSError(EROFS, path)
            opened = RomFile(self._rom_content(path))
        elif self._flash.is_folder(path):
            if write:
                raise OSError(EISDIR, path)
            opened = Folder(path)
        else:
            opened = self._flash.open(
                path,
                write=write,
                create=create,
                exclusive=exclusive,
                truncate=truncate,
                append=append,
            )
        descriptor = FIRST_FREE
        while descriptor in self._opened:
            descriptor += 1
        self._opened[descriptor] = opened
        return descriptor

    def read(self, descriptor: int, count: int) -> bytes:
        """At most `count` bytes."""
        opened = self.find(descriptor)
        if isinstance(opened, Folder):
            raise OSError(EISDIR, opened.path)
        if isinstance(opened, RomFile):
            part = opened.content[opened.position : opened.position + count]
            opened.position += len(part)
            return part
        return opened.read(count)

    def write(self, descriptor: int, content: bytes) -> None:
        """All of it."""
        opened = self.find(descriptor)
        if isinstance(opened, (Folder, RomFile)):
            raise OSError(EBADF, "not opened for writing")
        opened.write(content)

    def seek(self, descriptor: int, offset: int, whence: int) -> int:
        """Where it stands then."""
        opened = self.find(descriptor)
        if isinstance(opened, FlashFile):
            return opened.seek(offset, whence)
        if isinstance(opened, RomFile):
            base = (0, opened.position, len(opened.content))[whence]
            opened.position = max(0, base + offset)
            return opened.position
        raise OSError(ESPIPE, "no file")

    def sync(self, descriptor: int) -> None:
        """Commit what was written."""
        opened = self.find(descriptor)
        if isinstance(opened, FlashFile):
            opened.sync()

    def close(self, descriptor: int) -> None:
        """The descriptor is free again, even if the last commit fails."""
        opened = self.find(descriptor)
        del self._opened[descriptor]
        if isinstance(opened, FlashFile):
            opened.close()

    def close_all(self) -> None:
        """As a soft reset does."""
        for descriptor in [number for number in self._opened if number >= FIRST_FREE]:
            self.close(descriptor)

    def _rom_content(self, path: str) -> bytes:
        if path == JOB:
            return self.job
        return self._rom_path(path).read_bytes()

    def _rom_kind(self, path: str) -> tuple[bool, int, int]:
        if path == JOB:
            return False, len(self.job), 0
        here = self._rom_path(path)
        return here.is_dir(), here.stat().st_size, 0

    def _rom_path(self, path: str) -> Path:
        """Where a file of the firmware lies here; where it would lie if there is none."""
        name = path.removeprefix(ROM + "/")
        candidates = [folder / name for folder in self._rom]
        return next((here for here in candidates if here.exists()), candidates[0])


def check_writable(path: str) -> None:
    """EROFS for what is not the flash's."""
    if path == ROM or path.startswith((ROM + "/", "/dev/")):
        raise OSError(EROFS, path)


def discard(content: bytes) -> None:
    """Nobody wants it."""
