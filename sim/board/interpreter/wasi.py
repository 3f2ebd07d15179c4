# SPDX-License-Identifier: Apache-2.0
"""The file calls of WASI preview 1 over Files: where their arguments stand in a guest's memory, and with which numbers.

The layout of every structure is that of github.com/WebAssembly/WASI, legacy/preview1/docs.md.
"""

import os
import struct
from collections.abc import Callable
from errno import EINVAL, EIO, EISDIR, ENOTDIR

from wasmtime import FuncType, ValType

from sim.vm.services import WASI_NUMBERS, GuestMemory

from .files import ROOT, Device, Files, Folder

DEVICE, FOLDER, FILE = 2, 3, 4
CREATE, ONLY_FOLDER, EXCLUSIVE, TRUNCATE = 1, 2, 4, 8
APPEND = 1
RIGHT_TO_WRITE = 64
ALL_RIGHTS = (1 << 30) - 1
STAT = struct.Struct("<QQB7xQQQQQ")
FDSTAT = struct.Struct("<BxH4xQQ")
ENTRY = struct.Struct("<QQIB3x")
SECOND_NS = 1_000_000_000
EBADF_WASI = 8

SMALL, LARGE = ValType.i32(), ValType.i64()
Call = Callable[..., int | None]


class WasiFiles:
    """`calls` are WASI's functions by name, with their types; each returns one of WASI's error numbers, 0 for none."""

    def __init__(self, files: Files, memory: Callable[[], GuestMemory]) -> None:
        self._files = files
        self._memory = memory

    def calls(self) -> list[tuple[str, FuncType, Callable[..., int]]]:
        """All that a MicroPython build imports."""
        rows: list[tuple[str, str, Call]] = [
            ("fd_close", "i", self._files.close),
            ("fd_fdstat_get", "ii", self._fdstat),
            ("fd_prestat_get", "ii", self._prestat),
            ("fd_prestat_dir_name", "iii", self._prestat_name),
            ("fd_read", "iiii", self._read),
            ("fd_readdir", "iiiIi", self._readdir),
            ("fd_seek", "iIii", self._seek),
            ("fd_sync", "i", self._files.sync),
            ("fd_write", "iiii", self._write),
            ("path_create_directory", "iii", self._create_folder),
            ("path_filestat_get", "iiiii", self._filestat),
            ("path_open", "iiiiiIIii", self._open),
            ("path_readlink", "iiiiii", self._readlink),
            ("path_remove_directory", "iii", self._remove_folder),
            ("path_rename", "iiiiii", self._rename),
            ("path_unlink_file", "iii", self._remove_file),
        ]
        return [
            (
                name,
                FuncType([LARGE if kind == "I" else SMALL for kind in kinds], [SMALL]),
                numbered(call),
            )
            for name, kinds, call in rows
        ]

    def _fdstat(self, descriptor: int, told: int) -> None:
        opened = self._files.find(descriptor)
        kind = (
            DEVICE if isinstance(opened, Device) else FOLDER if isinstance(opened, Folder) else FILE
        )
        self._memory().write(told, FDSTAT.pack(kind, 0, ALL_RIGHTS, ALL_RIGHTS))

    def _prestat(self, descriptor: int, told: int) -> int:
        if descriptor != ROOT:
            return EBADF_WASI
        self._memory().write(told, struct.pack("<II", 0, 1))
        return 0

    def _prestat_name(self, descriptor: int, told: int, size: int) -> None:
        self._memory().write(told, b"/")

    def _read(self, descriptor: int, parts: int, count: int, told: int) -> None:
        total = 0
        for address, size in self._parts(parts, count):
            if size == 0:
                continue
            content = self._files.read(descriptor, size)
            self._memory().write(address, content)
            total += len(content)
            if len(content) < size:
                break
        self._memory().write(told, struct.pack("<I", total))

    def _write(self, descriptor: int, parts: int, count: int, told: int) -> None:
        content = b"".join(
            self._memory().read(address, size) for address, size in self._parts(parts, count)
        )
        self._files.write(descriptor, content)
        self._memory().write(told, struct.pack("<I", len(content)))

    def _seek(self, descriptor: int, offset: int, whence: int, told: int) -> None:
        if not 0 <= whence <= 2:
            raise OSError(EINVAL, "whence")
        self._memory().write(told, struct.pack("<Q", self._files.seek(descriptor, offset, whence)))

    def _readdir(self, descriptor: int, told: int, room: int, cookie: int, size: int) -> None:
        opened = self._files.find(descriptor)
        if not isinstance(opened, Folder):
            raise OSError(ENOTDIR, "no folder")
        rows = bytearray()
        for number, (name, folder) in enumerate(self._files.names(opened.path)):
            if number >= cookie and len(rows) < room:
                spelt = name.encode()
                rows += ENTRY.pack(number + 1, 1, len(spelt), FOLDER if folder else FILE) + spelt
        self._memory().write(told, bytes(rows[:room]))
        self._memory().write(size, struct.pack("<I", len(rows[:room])))

    def _filestat(self, descriptor: int, follow: int, path: int, size: int, told: int) -> None:
        folder, count, changed_s = self._files.kind(self._path(path, size))
        at = changed_s * SECOND_NS
        kind = FOLDER if folder else FILE
        self._memory().write(told, STAT.pack(1, 1, kind, 1, count, at, at, at))

    def _open(
        self,
        descriptor: int,
        follow: int,
        path: int,
        size: int,
        how: int,
        rights: int,
        inherited: int,
        flags: int,
        told: int,
    ) -> None:
        name = self._path(path, size)
        if how & ONLY_FOLDER and not self._files.kind(name)[0]:
            raise OSError(ENOTDIR, name)
        opened = self._files.open(
            name,
            write=bool(rights & RIGHT_TO_WRITE),
            create=bool(how & CREATE),
            exclusive=bool(how & EXCLUSIVE),
            truncate=bool(how & TRUNCATE),
            append=bool(flags & APPEND),
        )
        self._memory().write(told, struct.pack("<I", opened))

    def _readlink(self, *arguments: int) -> None:
        raise OSError(EINVAL, "there are no links")

    def _create_folder(self, descriptor: int, path: int, size: int) -> None:
        self._files.make_folder(self._path(path, size))

    def _remove_folder(self, descriptor: int, path: int, size: int) -> None:
        self._files.remove_folder(self._path(path, size))

    def _remove_file(self, descriptor: int, path: int, size: int) -> None:
        self._files.remove_file(self._path(path, size))

    def _rename(
        self, descriptor: int, old: int, old_size: int, to: int, new: int, new_size: int
    ) -> None:
        self._files.rename(self._path(old, old_size), self._path(new, new_size))

    def _path(self, address: int, size: int) -> str:
        """Absolute: MicroPython's WASI library has changed into the folder already."""
        try:
            spelt = self._memory().read(address, size).decode()
        except UnicodeDecodeError:
            raise OSError(EINVAL, "a name is UTF-8") from None
        return os.path.normpath("/" + spelt)

    def _parts(self, address: int, count: int) -> list[tuple[int, int]]:
        rows = self._memory().read(address, 8 * count)
        return list(struct.iter_unpack("<II", rows))


def numbered(call: Call) -> Callable[..., int]:
    """`call`, with an OSError as WASI's number."""

    def answer(*arguments: int) -> int:
        try:
            return call(*arguments) or 0
        except IsADirectoryError:
            return WASI_NUMBERS[EISDIR]
        except OSError as error:
            return WASI_NUMBERS.get(error.errno or 0, WASI_NUMBERS[EIO])

    return answer
