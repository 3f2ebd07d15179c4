# SPDX-License-Identifier: Apache-2.0
"""`esp32.NVS`: keys in namespaces, in a file of the flash chip beside the file system. Erasing the files keeps them.

An entry is written or it is not: NVS is built for that (ESP-IDF, "Non-Volatile Storage Library"). What is set and not
committed is lost with the supply, which IDF only allows.
"""

import json
from errno import EINVAL, ENOSPC
from pathlib import Path

from sim.vm.services import Room, Service

from .flash import ENTRY_BYTES
from .resets import Fuse

KEY_LENGTH_MOST = 15
BLOB_BYTES_MOST = 4000
"""In one page; IDF splits longer ones over several."""
SPACE_BYTES = 0x4000
NOT_FOUND = -1

Entries = dict[str, str]  # "namespace/key/kind": content in hexadecimal


class Storage:
    """One chip's."""

    def __init__(self, folder: Path, fuse: Fuse) -> None:
        self._path = folder / "nvs.json"
        self._fuse = fuse
        self._kept: Entries = json.loads(self._path.read_text()) if self._path.exists() else {}
        self._changed: dict[str, str | None] = {}

    def power_up(self) -> None:
        """What was not committed is gone."""
        self._changed.clear()

    def services(self) -> dict[str, Service]:
        """For rom/esp32.py."""
        return {
            "nvs_set": self._set,
            "nvs_get": self._get,
            "nvs_erase": self._erase,
            "nvs_commit": self._commit,
        }

    def _set(self, space: str, key: str, kind: str, content: bytes) -> None:
        if not 0 < len(key) <= KEY_LENGTH_MOST or len(content) > BLOB_BYTES_MOST:
            raise OSError(EINVAL, "a key has 1 to 15 characters, a blob at most 4000 bytes")
        self._changed[name(space, key, kind)] = content.hex()

    def _get(self, space: str, key: str, kind: str, told: Room) -> int:
        entry = name(space, key, kind)
        found = self._changed.get(entry, self._kept.get(entry))
        if found is None:
            return NOT_FOUND
        content = bytes.fromhex(found)
        if len(content) > told.size:
            raise OSError(EINVAL, "the buffer is too short")
        return told.fill(content)

    def _erase(self, space: str, key: str) -> int:
        entries = [name(space, key, kind) for kind in "ib"]
        known = [
            entry
            for entry in entries
            if self._changed.get(entry, self._kept.get(entry)) is not None
        ]
        for entry in known:
            self._changed[entry] = None
        return 0 if known else NOT_FOUND

    def _commit(self, space: str) -> None:
        """Entry by entry: a power cut leaves some of them."""
        for entry in [entry for entry in self._changed if entry.startswith(space + "/")]:
            content = self._changed[entry]
            kept = {**self._kept, entry: content or ""}
            if content is None:
                del kept[entry]
            if sum(ENTRY_BYTES + len(value) // 2 for value in kept.values()) > SPACE_BYTES:
                raise OSError(ENOSPC, "NVS is full")
            self._fuse.burn(ENTRY_BYTES + len(content or "") // 2)
            written = self._path.with_suffix(".new")
            written.write_text(json.dumps(kept, sort_keys=True))
            written.replace(self._path)
            self._kept = kept
            del self._changed[entry]


def name(space: str, key: str, kind: str) -> str:
    """An entry's."""
    return "%s/%s/%s" % (space, key, kind)
