# SPDX-License-Identifier: Apache-2.0
"""What a program finds on a board: pins, buses, storage, clock, networks; and what resets and power cuts do to them."""

import random
import socket
import threading
from functools import partial
from pathlib import Path

import pytest

from sim.board.board import Board
from sim.board.networks import Networks
from sim.board.resets import HardReset, PowerCut, SoftReset, WatchdogReset
from tests.board.virtual import file, running, told, until

SEEDS = range(20)


def test_a_program_has_the_heap_that_was_asked_for(tmp_path: Path) -> None:
    """Whatever the modules take that a board has in its firmware; less the collector's tables."""
    with running(tmp_path, heap_bytes=96 * 1024) as board:
        free = int(told(board, "exec", "import gc; gc.collect(); print(gc.mem_free())"))
    assert 0.93 * 96 * 1024 < free < 96 * 1024


def test_recursion_ends_in_an_error_and_the_board_lives_on(tmp_path: Path) -> None:
    """Deep enough for a node's imports, with the collector at work at the deepest point."""
    script = (
        "import gc\ndeepest = 0\ndef down(n):\n    global deepest\n    deepest = n\n    gc.collect()\n"
        "    return '%s' % (down(n + 1),)\n"
        "for _ in range(3):\n    try: down(0)\n    except RuntimeError as e: print(deepest >= 75, e)\n"
        "print(len(repr(eval('(' * 200 + '1' + ')' * 200))))\n"
    )
    with running(tmp_path) as board:
        printed = told(board, "exec", script).splitlines()
    assert printed == ["True maximum recursion depth exceeded"] * 3 + ["1"]


def test_a_full_flash_is_enospc(tmp_path: Path) -> None:
    """And what statvfs says."""
    script = (
        "import os, errno\nv = os.statvfs('/')\nprint(v[0] * v[2])\nf = open('a', 'wb')\n"
        "try:\n    while True: f.write(bytes(1000))\n"
        "except OSError as e: print(e.errno in errno.errorcode or e.errno, os.statvfs('/')[3])\n"
    )
    with running(tmp_path, flash_blocks=32) as board:
        printed = told(board, "exec", script).split()
    assert printed[0] == str(32 * 4096)
    assert printed[2] == "0"


def test_the_watchdog_resets_a_board_that_does_not_feed_it(tmp_path: Path) -> None:
    """From whatever it does, and the next start knows; one that feeds it lives."""
    main = (
        "import machine, time\nw = machine.WDT(timeout=600)\n"
        "if machine.reset_cause() != machine.WDT_RESET:\n"
        "    for n in range(5):\n        w.feed()\n        time.sleep_ms(20)\n"
        "    open('fed', 'w').close()\n    while True: pass\n"
        "open('cause', 'w').close()\nwhile True:\n    w.feed()\n    time.sleep_ms(1)\n"
    )
    file(tmp_path, "main.py").write_text(main)
    with running(tmp_path) as board:
        until(lambda: file(tmp_path, "cause").exists())
        assert file(tmp_path, "fed").exists()
        assert board.resets[:2] == [PowerCut, WatchdogReset]


def test_rtc_memory_outlives_every_reset_but_the_supplys(tmp_path: Path) -> None:
    """The calendar likewise."""
    asked = "import machine; print(machine.RTC().memory(), machine.RTC().datetime()[0] > 2020)"
    with running(tmp_path) as board:
        told(
            board,
            "exec",
            "import machine\nr = machine.RTC()\nr.memory(b'kept')\nr.datetime((2026, 1, 1, 0, 0, 0, 0, 0))",
        )
        told(board, "resume", "reset")
        until(lambda: HardReset in board.resets)
        assert told(board, "exec", asked) == "b'kept' True\n"
        board.cut_power()
        until(lambda: board.resets[-1] is PowerCut)
        assert told(board, "exec", asked) == "b'' False\n"
        assert SoftReset in board.resets


def test_storage_keeps_what_was_committed(tmp_path: Path) -> None:
    """Numbers with their sign, blobs, and nothing that was not committed."""
    write = (
        "import esp32\nn = esp32.NVS('w')\nn.set_i32('a', -5)\nn.set_blob('b', b'xyz')\n"
        "n.commit()\nn.set_i32('a', 6)\n"
    )
    ask = (
        "import esp32\nn = esp32.NVS('w')\nb = bytearray(9)\n"
        "print(n.get_i32('a'), b[:n.get_blob('b', b)])\nn.erase_key('a')\nn.commit()\n"
        "try: n.get_i32('a')\nexcept OSError as e: print(e.args[1])\n"
    )
    with running(tmp_path) as board:
        told(board, "exec", write)
        board.cut_power()
        until(lambda: len(board.resets) > 1 and board.resets[-1] is PowerCut)
        assert told(board, "exec", ask) == ("-5 bytearray(b'xyz')\nESP_ERR_NVS_NOT_FOUND\n")


@pytest.mark.parametrize("kind", ["WLAN()", "LAN(0)", "PPP(None)"])
def test_a_network_comes_up_and_can_be_taken_away(tmp_path: Path, kind: str) -> None:
    """With the same calls for each; without one there is no time to be had."""
    up = (
        "import network, time, ntptime\nn = network.%s\nn.active(True)\n"
        "if hasattr(n, 'connect'): n.connect()\nprint(n.isconnected())\n"
        "while not n.isconnected(): time.sleep_ms(10)\n"
        "ntptime.settime()\nprint(time.gmtime()[0] > 2025, n.ifconfig()[0])\n" % kind
    )
    ask = (
        "print(n.isconnected())\ntry: ntptime.time()\nexcept OSError: print('no time')\n"
        "import socket\ntry: socket.socket().connect(('192.0.2.9', 9))\nexcept OSError: print('no way')\n"
    )
    with running(tmp_path) as board:
        assert told(board, "exec", up) == "False\nTrue 192.0.2.2\n"
        board.networks.cut()
        assert told(board, "resume", "exec", ask) == "False\nno time\nno way\n"
        board.networks.restore()
        again = "while not n.isconnected(): time.sleep_ms(10)\nprint(ntptime.time() > 0)"
        assert told(board, "resume", "exec", again) == "True\n"


def test_what_a_board_dials_leaves_by_this_machines_network(tmp_path: Path) -> None:
    """With asyncio, as a node does, once an interface is up."""
    dial = (
        "import asyncio, network\nn = network.LAN(0)\nn.active(True)\n"
        "async def main():\n    while not n.isconnected(): await asyncio.sleep_ms(10)\n"
        "    r, w = await asyncio.open_connection('127.0.0.1', %d)\n"
        "    w.write(b'question')\n    await w.drain()\n    print(await r.read(100))\nasyncio.run(main())"
    )
    with socket.create_server(("127.0.0.1", 0)) as server, running(tmp_path) as board:

        def answer() -> None:
            wire, _ = server.accept()
            with wire:
                wire.sendall(wire.recv(100).upper())

        answering = threading.Thread(target=answer)
        answering.start()
        assert told(board, "exec", dial % server.getsockname()[1]) == "b'QUESTION'\n"
        answering.join()


def test_wifi_says_why_it_does_not_come_up(tmp_path: Path) -> None:
    """A wrong name and a wrong key, by the port's numbers."""
    script = (
        "import network\nn = network.WLAN()\nn.active(True)\n"
        "n.connect('street', 'wrong')\nprint(n.status() == network.STAT_WRONG_PASSWORD)\n"
        "n.connect('other', 'right')\nprint(n.status() == network.STAT_NO_AP_FOUND)\n"
        "print(n.scan()[0][0])\n"
    )
    with running(tmp_path, networks=Networks(ssid="street", key="right")) as board:
        assert told(board, "exec", script) == "True\nTrue\nb'street'\n"


JOURNAL = """
import os
try:
    with open("state") as f:
        n = int(f.read())
except OSError:
    n = 0
while True:
    n += 1
    with open("state.new", "w") as f:
        f.write("%08d" % n)
    os.rename("state.new", "state")
"""


def counts_beyond(state: Path, last: int) -> bool:
    """Whether the board goes on."""
    return state.exists() and int(state.read_text()) > last


def has_started(board: Board, times: int) -> bool:
    """How often it has had to."""
    return len(board.resets) >= times


def cut_at_random(tmp_path: Path, seed: int) -> None:
    """A board that counts in a file loses its supply five times at bytes drawn from `seed`."""
    draw = random.Random(seed)
    file(tmp_path, "main.py").write_text(JOURNAL)
    state = file(tmp_path, "state")
    with running(tmp_path) as board:
        last = 0
        for turn in range(1, 6):
            until(partial(counts_beyond, state, last))
            board.fuse.cut_after(draw.randrange(400))
            until(partial(has_started, board, turn + 1))
            content = state.read_text()
            assert len(content) == 8
            assert int(content) >= last
            last = int(content)
        assert set(board.resets) == {PowerCut}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_power_cut_at_any_write_leaves_the_last_committed_state(
    tmp_path: Path, seed: int
) -> None:
    """The board comes up again by itself and goes on from there, never from anything else."""
    cut_at_random(tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(200))
def test_two_hundred_boards_lose_their_supply(tmp_path: Path, seed: int) -> None:
    """The same, for long."""
    cut_at_random(tmp_path, 1000 + seed)
