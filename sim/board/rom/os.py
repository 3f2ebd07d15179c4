# SPDX-License-Identifier: Apache-2.0
"""`os` as a board has it: listings with sizes, and how much room the flash has."""

from struct import unpack

import usys
from outside import call
from uos import *
from uos import ilistdir as _list


def ilistdir(path="."):
    """(name, type, inode, size) of each entry."""
    for entry in _list(path):
        size = 0
        if entry[1] == 0x8000:
            size = stat(path.rstrip("/") + "/" + entry[0])[6]
        yield (entry[0], entry[1], 0, size)


def statvfs(path):
    """(bsize, frsize, blocks, bfree, bavail, files, ffree, favail, flag, namemax)."""
    stat(path)
    told = bytearray(16)
    call("statvfs", told)
    size, blocks, free, longest = unpack("<IIII", told)
    return (size, size, blocks, free, free, 0, 0, 0, 0, longest)


def sync():
    """A file is committed when it is flushed or closed; there is nothing else."""


def uname():
    """(sysname, nodename, release, version, machine)."""
    version, _, date = usys.version.split("; ")[-1].partition(" on ")
    release = version.split(" v")[-1].split("-")[0]
    return ("esp32", "esp32", release, "v%s on %s" % (release, date), "Virtual board with ESP32")
