# SPDX-License-Identifier: Apache-2.0
"""A board of boards/ without hardware, until it is stopped: prints the terminal that mpremote connects to, then runs.

What happens to a board is typed here: `cut` cuts its power for a moment, as its button EN does, `down` takes its
network away, `up` gives it back, `load W` sets what each phase draws.
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from sim.board.board import Board
from sim.board.flash import BLOCK_BYTES
from sim.board.networks import Networks
from sim.board.wiring import House, wired

ROOT = Path(__file__).resolve().parent.parent
KIB = 1024


def options() -> argparse.ArgumentParser:
    """What can be said."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--board", required=True, help="a folder of boards/, or a path to one")
    parser.add_argument("--flash", type=Path, help="folder of the flash; without, an empty one")
    parser.add_argument("--heap", type=int, help="KiB for Python; without, board.json's")
    parser.add_argument("--load", type=int, default=1000, help="W that each phase draws (1000)")
    parser.add_argument("--ssid", default="", help="the one Wi-Fi network in reach; without, any")
    parser.add_argument("--key", default="", help="that network's key")
    parser.add_argument("--cut-every", type=int, help="cut power after about so many flash bytes")
    parser.add_argument("--seed", type=int, default=1, help="of those cuts (1)")
    return parser


def described(name: str) -> dict[str, Any]:
    """The board.json that `--board` names. SystemExit if there is none."""
    for folder in (Path(name), ROOT / "boards" / name):
        path = folder / "board.json"
        if path.is_file():
            return json.loads(path.read_text())
    known = sorted(path.parent.name for path in (ROOT / "boards").glob("*/board.json"))
    sys.exit("no board %s; there are %s" % (name, ", ".join(known)))


def obey(board: Board, house: House) -> None:
    """Lines from standard input, until it ends."""
    for line in sys.stdin:
        match line.split():
            case ["cut"]:
                board.cut_power()
            case ["down"]:
                board.networks.cut()
            case ["up"]:
                board.networks.restore()
            case ["load", watts] if watts.lstrip("-").isdigit():
                house.power_w = int(watts)
            case words:
                if words:
                    print("cut, down, up, load W", file=sys.stderr)


def main() -> int:
    """0 after SIGINT or SIGTERM."""
    arguments = options().parse_args()
    row = described(arguments.board)
    house = House(arguments.load, row["nominal_v"], row["line_hz"])
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with tempfile.TemporaryDirectory() as empty:
        board = Board(
            arguments.flash or Path(empty),
            name=row["name"],
            heap_bytes=KIB * (arguments.heap or row["heap_kib"]),
            flash_blocks=KIB * row["files_kib"] // BLOCK_BYTES,
            wires=wired(row, house),
            networks=Networks(ssid=arguments.ssid, key=arguments.key),
            on_fault=stopped.set,
        )
        if arguments.cut_every:
            draw = random.Random(arguments.seed)
            board.fuse.cut_again(lambda: draw.randrange(2 * arguments.cut_every))
        print(board.path, flush=True)
        board.start()
        threading.Thread(target=obey, args=(board, house), daemon=True).start()
        stopped.wait()
        board.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
