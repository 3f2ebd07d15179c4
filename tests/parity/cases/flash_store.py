# SPDX-License-Identifier: Apache-2.0
"""The board's store: what it writes, byte by byte, and what it finds after a power cut at any of them."""

from binascii import crc32

from tests.parity.flash.scripts import allowed, held, opened, perform, steps
from tests.parity.flash.torn import AFTERMATHS, Disk
from tests.parity.shown import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def lines() -> "Iterator[str]":
    script = steps(count=24, size=60)
    disk = Disk()
    yield str(perform(disk, script))
    for name in sorted(disk.files):
        yield "%s %d" % (name, crc32(bytes(disk.files[name].data)))
    total = disk.steps
    for cut in range(total + 1):
        torn = Disk()
        torn.steps_left = cut
        done = perform(torn, script)
        for aftermath in AFTERMATHS:
            found = held(opened(torn.after(aftermath)))
            safe = found in allowed(script, done)
            yield "%d %d %s %s" % (cut, done, safe, shown(sorted(found.items())))
