# SPDX-License-Identifier: Apache-2.0
"""The Store seam (interfaces.py) as a journal in the board's file system.

    journal.0, journal.1    one of them in use; the other one is written while the first is rewritten
    file                    "WPJ1", generation (4), CRC-32 (4); records; the mark, which is an empty record; records
    record                  size of the key (1), of the value (2, FFFF: dropped), key, value, CRC-32 (4)

A generation begins with all that was kept at that moment and counts only if its mark is whole: until then the one
before counts. After the mark each `keep` and `drop` is one record more. Numbers are big-endian; a record's CRC also
covers the generation, so that nothing of an older one is taken for it.

Power may fail between any two bytes: what was returned from is there, what was under way is there whole or not at all,
and everything else is as it was. Bytes after the last whole record are never written behind: the journal is rewritten.
A record that was whole and is damaged later takes those after it with it; `lost` says so.

Wear: a rewrite comes when the records since the last one need more room than it took, and a sixteenth of `size_max` at
least. So in the long run at most three bytes are written for each byte kept, as long as what is kept fills no more than
half of the journal; docs/boards.md says what that means in years.
"""

import os
from binascii import crc32

from ..compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class File(Protocol):
        """What is used of an open file."""

        def read(self, __size: int) -> bytes:
            """At most so many bytes."""
            ...

        def seek(self, __offset: int) -> int:
            """Go to a place, from the start."""
            ...

        def write(self, __content: bytes) -> "int | None":
            """More bytes at the end."""
            ...

        def flush(self) -> None:
            """What was written is on the flash when this returns."""
            ...

        def close(self) -> None:
            """The same, and no more."""
            ...

    class Files(Protocol):
        """What Folder is, or a test's own."""

        def names(self) -> "list[str]":
            """Of its files."""
            ...

        def open(self, name: str, mode: str) -> File:
            """rb, wb or ab."""
            ...

        def remove(self, name: str) -> None:
            """For good when this returns."""
            ...


KEY_MAX = const(64)
VALUE_MAX = const(16384)
SIZE_MIN = const(2048)  # a sixteenth has room for the record of a drop

_MAGIC = b"WPJ1"
_HEAD = const(12)
_FRAME = const(7)  # of a record, beside key and value
_DROPPED = const(0xFFFF)
_CHUNK = const(512)
_MARK = b"\x00\x00\x00"
_PREFIX = "journal."


class Folder:
    """A folder of the file system, and all that the store does there. It is made if it is missing."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            os.mkdir(path)
        except OSError:
            os.listdir(path)  # it is there, or this says why not

    def names(self) -> "list[str]":
        """Of its files."""
        return os.listdir(self._path)

    def open(self, name: str, mode: str) -> "File":
        """rb, wb or ab."""
        return open("%s/%s" % (self._path, name), mode)

    def remove(self, name: str) -> None:
        """For good when this returns."""
        os.remove("%s/%s" % (self._path, name))


class _Scan:
    """What one journal holds: where each key's newest record is, where its last whole record ends."""

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.complete = False
        self.places: "dict[bytes, int]" = {}
        self.begun = 0  # bytes up to the mark
        self.end = _HEAD
        self.size = _HEAD


class FlashStore:
    """Opens with what was kept last. `lost` is "" or what could not be read then."""

    def __init__(self, folder: "Files", size_max: int) -> None:
        """`size_max` bounds one journal, in bytes from SIZE_MIN: two must fit. OSError if the flash fails."""
        if size_max < SIZE_MIN:
            raise ValueError("a journal has room for %d bytes at least" % SIZE_MIN)
        self._folder = folder
        self._size_max = size_max
        self._grow = size_max // 16
        self._file: "File | None" = None
        self._torn = False  # whether something may stand behind the last whole record
        self.lost = ""
        names = self._names()
        scans = [self._scan(name) for name in names]
        whole = [scan for scan in scans if scan is not None and scan.complete]
        whole.sort(key=lambda scan: scan.generation)
        if whole:
            self._now = whole[-1]
        else:
            self._now = _Scan(0)
            self._torn = True
            if any([self._size(name) > _HEAD + _FRAME for name in names]):
                self.lost = "everything: no journal is whole"
        if self._now.size > self._now.end:
            self.lost = "%d bytes after the last whole record" % (self._now.size - self._now.end)
            self._torn = True
        if self._torn:
            self._rewrite()
        for name in self._names():
            if name != self._name(self._now.generation):
                folder.remove(name)

    def keep(self, key: bytes, value: bytes) -> None:
        """Write or overwrite. OSError if there is no room, or the flash fails: then the old value stands."""
        if not 0 < len(key) <= KEY_MAX or len(value) > VALUE_MAX:
            raise ValueError("key or value is too long for the store")
        self._now.places[key] = self._append(key, value, len(value))

    def drop(self, key: bytes) -> None:
        """Forget; unknown keys are fine. OSError as above."""
        if key in self._now.places:
            self._append(key, b"", _DROPPED)
            del self._now.places[key]

    def items(self) -> "list[tuple[bytes, bytes]]":
        """Everything kept, sorted by key. OSError if the flash fails."""
        file = self._folder.open(self._name(self._now.generation), "rb")
        try:
            return [
                (key, self._value(file, self._now.places[key])) for key in sorted(self._now.places)
            ]
        finally:
            file.close()

    def close(self) -> None:
        """Let go of the file. Nothing was waiting to be written."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, key: bytes, value: bytes, size: int) -> int:
        """One record more; where it begins."""
        room = _FRAME + len(key) + len(value)
        # What is left at the end is for drops, or a full store would stay full.
        most = self._size_max if size == _DROPPED else self._size_max - self._grow
        now = self._now
        grown = now.end - now.begun
        due = grown + room > max(self._grow, now.begun)
        if self._torn or due or (now.end + room > most and grown >= self._grow):
            self._rewrite()
        now = self._now
        if now.end + room > most:
            raise OSError("the store is full")
        place = now.end
        if self._file is None:
            self._file = self._folder.open(self._name(now.generation), "ab")
        self._torn = True  # until it is whole
        _write_record(self._file, now.generation, key, value, size)
        self._file.flush()
        self._torn = False
        now.end = now.size = place + room
        return place

    def _rewrite(self) -> None:
        """Begin a generation with what is kept now; until it is whole everything stays as it is."""
        old = self._now
        new = _Scan(old.generation + 1)
        self.close()
        target = self._folder.open(self._name(new.generation), "wb")
        try:
            head = _MAGIC + new.generation.to_bytes(4, "big")
            target.write(head + _crc_bytes(crc32(head)))
            if old.places:
                self._copy(old, new, target)
            _write_record(target, new.generation, b"", b"", 0)
        finally:
            target.close()
        new.begun = new.end = new.size = new.end + _FRAME
        self._now = new
        self._torn = False
        if self._name(old.generation) in self._names():
            self._folder.remove(self._name(old.generation))

    def _copy(self, old: "_Scan", new: "_Scan", target: "File") -> None:
        source = self._folder.open(self._name(old.generation), "rb")
        try:
            for key in sorted(old.places):
                value = self._value(source, old.places[key])
                new.places[key] = new.end
                _write_record(target, new.generation, key, value, len(value))
                new.end += _FRAME + len(key) + len(value)
        finally:
            source.close()

    def _value(self, file: "File", place: int) -> bytes:
        """The value of the record at `place`. OSError if it is not what was written."""
        file.seek(place)
        frame = file.read(3)
        key = file.read(frame[0])
        value = file.read(int.from_bytes(frame[1:], "big"))
        check = crc32(value, crc32(key, crc32(frame, self._now.generation)))
        if file.read(4) != _crc_bytes(check):
            raise OSError("a record of the store is damaged")
        return value

    def _scan(self, name: str) -> "_Scan | None":
        """What a file holds, up to its last whole record; None if its head is not one."""
        file = self._folder.open(name, "rb")
        try:
            head = file.read(_HEAD)
            generation = int.from_bytes(head[4:8], "big")
            if head[:4] != _MAGIC or head[8:] != _crc_bytes(crc32(head[:8])):
                return None
            if name != self._name(generation):
                return None
            scan = _Scan(generation)
            while _scan_record(file, scan):
                pass
            return scan
        finally:
            file.close()

    def _size(self, name: str) -> int:
        """Of a file that does not count, as far as it matters: up to more than an empty journal has."""
        file = self._folder.open(name, "rb")
        try:
            return len(file.read(_HEAD + _FRAME + 1))
        finally:
            file.close()

    def _names(self) -> "list[str]":
        return [name for name in sorted(self._folder.names()) if name.startswith(_PREFIX)]

    def _name(self, generation: int) -> str:
        return "%s%d" % (_PREFIX, generation % 2)


def _scan_record(file: "File", scan: "_Scan") -> bool:
    """Take the next record; False if there is no whole one. `scan.size` covers what was seen."""
    place = scan.end
    frame = file.read(3)
    scan.size += len(frame)
    if len(frame) < 3:
        return False
    size = int.from_bytes(frame[1:], "big")
    wanted = 0 if size == _DROPPED else size
    if frame[0] > KEY_MAX or wanted > VALUE_MAX:
        return False
    key = file.read(frame[0])
    scan.size += len(key)
    check = crc32(key, crc32(frame, scan.generation))
    while wanted:
        chunk = file.read(min(wanted, _CHUNK))
        if not chunk:
            return False
        scan.size += len(chunk)
        check = crc32(chunk, check)
        wanted -= len(chunk)
    seen = file.read(4)
    scan.size += len(seen)
    if seen != _crc_bytes(check):
        return False
    scan.end = scan.size
    if not key:
        scan.complete = True
        scan.begun = scan.end
    elif size == _DROPPED:
        scan.places.pop(key, None)
    else:
        scan.places[key] = place
    return True


def _write_record(file: "File", generation: int, key: bytes, value: bytes, size: int) -> None:
    """`size` is that of the value, or _DROPPED."""
    frame = bytes([len(key)]) + size.to_bytes(2, "big")
    file.write(frame + key)
    file.write(value)
    file.write(_crc_bytes(crc32(value, crc32(key, crc32(frame, generation)))))


def _crc_bytes(check: int) -> bytes:
    return check.to_bytes(4, "big")
