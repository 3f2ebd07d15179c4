# SPDX-License-Identifier: Apache-2.0
"""A folder that keeps its promises as littlefs keeps them: a file has its old content until it is synced or closed.

Then it has the new one at once, whole; so a rename. What was not synced when the supply went is gone, but a file that
was opened for writing and is new exists, empty: littlefs enters the name when it is opened (lfs_file_opencfg in lfs.c).
Room is counted in blocks, and a file that is rewritten needs room for both contents until then.
"""

import os
from errno import EEXIST, EINVAL, EISDIR, ENOENT, ENOSPC, ENOTDIR, ENOTEMPTY
from pathlib import Path, PurePosixPath

from .resets import Fuse

BLOCK_BYTES = 4096
INLINE_BYTES_MOST = 512  # what littlefs keeps beside a file's name, without a block of its own
PAIR_BLOCKS = 2  # a folder's
ENTRY_BYTES = 16  # what a commit programs beside content
NAME_BYTES_MOST = 255


def blocks_of(size_bytes: int) -> int:
    """Blocks that a file of `size_bytes` needs beside its folder's."""
    return 0 if size_bytes <= INLINE_BYTES_MOST else -(-size_bytes // BLOCK_BYTES)


class Flash:
    """One file system. Paths are absolute, as "/lib/x.py"; errors are OSError with this machine's numbers."""

    def __init__(self, folder: Path, blocks: int, fuse: Fuse) -> None:
        """`folder`/vfs becomes the root; beside it lies what is being committed."""
        self.root = folder / "vfs"
        self.root.mkdir(parents=True, exist_ok=True)
        self.blocks = blocks
        self.fuse = fuse
        self._scratch = folder / "uncommitted"
        self._scratch.unlink(missing_ok=True)
        self._open: list[FlashFile] = []

    def here(self, path: str) -> Path:
        """Where `path` lies on this machine, never outside the root."""
        parts = PurePosixPath(os.path.normpath("/" + path)).parts[1:]
        if any(len(part.encode()) > NAME_BYTES_MOST for part in parts):
            raise OSError(EINVAL, path)
        return self.root.joinpath(*parts)

    def is_folder(self, path: str) -> bool:
        """Whether `path` exists and is a folder."""
        return self.here(path).is_dir()

    def stat(self, path: str) -> tuple[bool, int, int]:
        """Whether a folder, bytes, time of the last commit in Unix seconds."""
        found = self.here(path).stat()
        folder = self.is_folder(path)
        return folder, 0 if folder else found.st_size, int(found.st_mtime)

    def names(self, path: str) -> list[tuple[str, bool]]:
        """What a folder holds, in order: name, whether a folder."""
        return sorted((entry.name, entry.is_dir()) for entry in self.here(path).iterdir())

    def free_blocks(self) -> int:
        """Blocks that nothing needs, not even what is open and not committed."""
        used = PAIR_BLOCKS
        for path in self.root.rglob("*"):
            used += PAIR_BLOCKS if path.is_dir() else blocks_of(path.stat().st_size)
        used += sum(blocks_of(len(file.content)) for file in self._open if file.changed)
        return self.blocks - used

    def open(
        self,
        path: str,
        *,
        write: bool,
        create: bool = False,
        exclusive: bool = False,
        truncate: bool = False,
        append: bool = False,
    ) -> "FlashFile":
        """As POSIX open; a folder cannot be opened here."""
        here = self.here(path)
        if here.is_dir():
            raise OSError(EISDIR, path)
        if not here.exists():
            if not create:
                raise OSError(ENOENT, path)
            self._check_parent(here, path)
            self._check_room(0)
            self.fuse.burn(ENTRY_BYTES)
            here.touch()
        elif exclusive:
            raise OSError(EEXIST, path)
        file = FlashFile(self, here, write, append)
        if truncate:
            file.truncate()
        self._open.append(file)
        return file

    def make_folder(self, path: str) -> None:
        """One level."""
        here = self.here(path)
        self._check_parent(here, path)
        if here.exists():
            raise OSError(EEXIST, path)
        if self.free_blocks() < PAIR_BLOCKS:
            raise OSError(ENOSPC, path)
        self.fuse.burn(ENTRY_BYTES)
        here.mkdir()

    def remove_folder(self, path: str) -> None:
        """An empty one."""
        here = self.here(path)
        if not here.is_dir():
            raise OSError(ENOTDIR if here.exists() else ENOENT, path)
        if any(here.iterdir()):
            raise OSError(ENOTEMPTY, path)
        self.fuse.burn(ENTRY_BYTES)
        here.rmdir()

    def remove_file(self, path: str) -> None:
        """A file."""
        here = self.here(path)
        if not here.is_file():
            raise OSError(EISDIR if here.is_dir() else ENOENT, path)
        self.fuse.burn(ENTRY_BYTES)
        here.unlink()

    def rename(self, old: str, new: str) -> None:
        """What stood at `new` is replaced if it is of the same kind; a folder must be empty for that."""
        source, target = self.here(old), self.here(new)
        if not source.exists():
            raise OSError(ENOENT, old)
        self._check_parent(target, new)
        if target.exists() and source.is_dir() != target.is_dir():
            raise OSError(EISDIR if target.is_dir() else ENOTDIR, new)
        if target.is_dir() and any(target.iterdir()):
            raise OSError(ENOTEMPTY, new)
        self.fuse.burn(ENTRY_BYTES)
        source.replace(target)

    def commit(self, file: "FlashFile") -> None:
        """`file` has its new content from now on, as a whole."""
        self.fuse.burn(ENTRY_BYTES)
        self._scratch.write_bytes(file.content)
        self._scratch.replace(file.here)

    def check_growth(self, blocks: int) -> None:
        """ENOSPC unless an open file may need `blocks` more."""
        if blocks > 0:
            self._check_room(blocks)

    def forget(self, file: "FlashFile") -> None:
        """It is closed."""
        self._open.remove(file)

    def drop_open(self) -> None:
        """The supply went: what was not committed never was."""
        self._open.clear()

    def _check_room(self, blocks: int) -> None:
        if self.free_blocks() < blocks:
            raise OSError(ENOSPC, "flash is full")

    def _check_parent(self, here: Path, path: str) -> None:
        if here == self.root:
            raise OSError(EEXIST, path)
        if not here.parent.is_dir():
            raise OSError(ENOTDIR if here.parent.exists() else ENOENT, path)


class FlashFile:
    """An open file: what it will hold, and a position."""

    def __init__(self, flash: Flash, here: Path, write: bool, append: bool) -> None:
        self.here = here
        self.content = bytearray(here.read_bytes())
        self.changed = False
        self.position = 0
        self._flash = flash
        self._write = write
        self._append = append

    def truncate(self) -> None:
        """To nothing; committed later, as a write is."""
        self.changed = self.changed or bool(self.content)
        self.content.clear()

    def read(self, count: int) -> bytes:
        """At most `count` bytes, none at the end."""
        part = bytes(self.content[self.position : self.position + count])
        self.position += len(part)
        return part

    def write(self, part: bytes) -> None:
        """ENOSPC, and then nothing of `part` is written; EINVAL if it was opened for reading."""
        if not self._write:
            raise OSError(EINVAL, "opened for reading")
        start = len(self.content) if self._append else self.position
        size = max(len(self.content), start + len(part))
        held = blocks_of(len(self.content)) if self.changed else 0
        self._flash.check_growth(blocks_of(size) - held)
        self._flash.fuse.burn(len(part))
        self.content.extend(bytes(size - len(self.content)))
        self.content[start : start + len(part)] = part
        self.position = start + len(part)
        self.changed = True

    def seek(self, offset: int, whence: int) -> int:
        """From the start (0), here (1) or the end (2); where it is now."""
        base = (0, self.position, len(self.content))[whence]
        if base + offset < 0:
            raise OSError(EINVAL, "before the start")
        self.position = base + offset
        return self.position

    def sync(self) -> None:
        """Commit what changed."""
        if self.changed:
            self._flash.commit(self)
            self.changed = False

    def close(self) -> None:
        """Commit and forget. A commit that fails leaves the old content."""
        try:
            self.sync()
        finally:
            self._flash.forget(self)
