# SPDX-License-Identifier: Apache-2.0
"""Put the firmware on a board: made for it (image.py), copied by mpremote's transport, compared hash by hash, started.

A board holds two images, in /a and /b, and one file that names the one in use. The other is written and compared and
imported for trial; only then that file is replaced, in one step. So a cut cable, a power cut or a firmware that this
board cannot load leaves the old one in use. What provisioning wrote is not touched.

exit code 0: done; 1: --check found a difference; 2: it could not be done, one line says why
"""

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0:1] = [str(ROOT)]

from tools import image  # noqa: E402  (the path must stand first)
from tools.console import Console, ConsoleError, check_build  # noqa: E402

SLOTS = ("a", "b")
ROOT_FILES = ("boot.py", "main.py", "board.json")
IN_USE = "/slot"
TRIAL = """
import sys
sys.path.insert(0, %r)
for name in ('wattpact.contract.purchase', 'wattpact.node.meter', 'wattpact.esp32.start'):
    __import__(name)
"""


def parser() -> argparse.ArgumentParser:
    """Every option."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--port", required=True, metavar="DEVICE", help="such as /dev/ttyUSB0")
    names = sorted(path.parent.name for path in image.BOARDS.glob("*/board.json"))
    made.add_argument("--board", required=True, choices=names, help="a folder of boards/")
    made.add_argument("--check", action="store_true", help="compare only")
    made.add_argument("--no-reset", action="store_true", help="leave the board at its prompt")
    return made


def staged(board: str) -> dict[str, bytes]:
    """The image of a board: content by name, without a slot."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "image"
        return {name: (out / name).read_bytes() for name in image.make(board, out)}


def place(name: str, slot: str) -> str:
    """Where a file of the image lies on a board."""
    return "/" + name if name in ROOT_FILES else "/%s/%s" % (slot, name)


def slot_in_use(console: Console) -> str:
    """a, b, or "" on a board that has none yet."""
    found: str = console.value(
        "open(%r).read() if 'slot' in __import__('os').listdir('/') else ''" % IN_USE
    )
    return found if found in SLOTS else ""


def differences(console: Console, files: Mapping[str, bytes], slot: str) -> list[str]:
    """What is not on the board as it is in the image, and what is in the slot beside it."""
    wanted = {
        place(name, slot): hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    there = console.hashes("/" + slot)
    there.update(
        {name: digest for name, digest in console.hashes("").items() if name.count("/") == 1}
    )
    told = ["%s is missing" % name for name in sorted(wanted) if name not in there]
    told += [
        "%s differs" % name
        for name in sorted(wanted)
        if there.get(name, wanted[name]) != wanted[name]
    ]
    inside = "/%s/" % slot
    return told + [
        "%s is not of this image" % name
        for name in sorted(there)
        if name.startswith(inside) and name not in wanted
    ]


def flash(console: Console, files: Mapping[str, bytes]) -> str:
    """The slot that is in use now. ConsoleError leaves the one before in use."""
    before = slot_in_use(console)
    slot = SLOTS[1] if before == SLOTS[0] else SLOTS[0]
    inside = {
        place(name, slot): content for name, content in files.items() if name not in ROOT_FILES
    }
    there = console.hashes("/" + slot)
    for name in sorted(set(there) - set(inside)):
        console.ask("import os\nos.remove(%r)" % name)
    changed = [
        name
        for name, content in sorted(inside.items())
        if there.get(name) != hashlib.sha256(content).hexdigest()
    ]
    total = sum(len(inside[name]) for name in changed)
    done = 0
    for name in changed:
        console.write(name, inside[name])
        done += len(inside[name])
        progress(done, total)
    wrong = [
        name
        for name, digest in console.hashes("/" + slot).items()
        if digest != hashlib.sha256(inside.get(name, b"")).hexdigest()
    ]
    if wrong:
        raise ConsoleError("%s is not what was sent; the firmware before stays in use" % wrong[0])
    console.fresh()
    console.ask(TRIAL % ("/" + slot))
    for name in ROOT_FILES:
        console.write("/" + name, files[name])
    console.write(IN_USE, slot.encode())
    return slot


def progress(done: int, total: int) -> None:
    """A line that a terminal overwrites."""
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        sys.stderr.write("\r%3d %% of %d bytes%s" % (done * 100 // max(total, 1), total, end))
        sys.stderr.flush()


def main() -> int:
    """See above."""
    given = parser().parse_args()
    files = staged(given.board)
    arch = json.loads(files["board.json"])["mpy_arch"]
    try:
        with Console(given.port) as console:
            check_build(console, arch)
            if given.check:
                return compared(console, files)
            slot = flash(console, files)
            wrong = differences(console, files, slot)
            if wrong:
                raise ConsoleError(wrong[0])
            print(
                "%s: %d files, %d bytes, every hash is equal; in use from /%s"
                % (given.port, len(files), sum(map(len, files.values())), slot)
            )
            if not given.no_reset:
                console.reset()
    except ConsoleError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def compared(console: Console, files: Mapping[str, bytes]) -> int:
    """0 if the image in use is this one."""
    slot = slot_in_use(console)
    if not slot:
        print("no firmware was put on this board by this tool")
        return 1
    wrong = differences(console, files, slot)
    print("\n".join(wrong) or "%d files, every hash is equal; in use from /%s" % (len(files), slot))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
