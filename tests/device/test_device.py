# SPDX-License-Identifier: Apache-2.0
"""What every board must show, a real one and the virtual one alike; the last test starts the node."""

import hashlib
import subprocess
import sys
import time
from contextlib import suppress

import pytest
import serial

from host.keys import OpensslVerifier
from tests.broker.service import ROOT
from tests.device.conftest import Device, tool
from tools.console import Console, ConsoleError

PATIENCE_S = 120
TOLERANCE = 0.05
MEMORY_LEAST = 20_000


def heard(device: Device, words: str, limit_s: float = PATIENCE_S) -> str:
    """What the board prints, up to and with `words`."""
    deadline = time.monotonic() + limit_s
    told = b""
    with serial.Serial(device.port, 115_200, timeout=1) as line:
        while words.encode() not in told:
            assert time.monotonic() < deadline, told.decode(errors="replace")
            told += line.read(256)
    return told.decode(errors="replace")


def answers(device: Device) -> Console:
    """Its prompt, when it is there again."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return Console(device.port)
        except ConsoleError:
            assert time.monotonic() < deadline
            time.sleep(1)


def test_the_image_on_it_is_this_one(device: Device) -> None:
    checked = tool("flash.py", "--port", device.port, "--board", device.board, "--check")
    assert "every hash is equal" in checked


def test_a_file_that_changed_is_found_and_put_right(device: Device) -> None:
    with device.console() as console:
        slot = console.ask("print(open('/slot').read())")
        console.write("/%s/wattpact/units.mpy" % slot, b"spoiled")
    command = [sys.executable, str(ROOT / "tools" / "flash.py")]
    command += ["--port", device.port, "--board", device.board]
    found = subprocess.run([*command, "--check"], capture_output=True, text=True, check=False)
    assert (found.returncode, "wattpact/units.mpy differs" in found.stdout) == (1, True)
    tool("flash.py", "--port", device.port, "--board", device.board, "--no-reset")
    assert "every hash" in tool(
        "flash.py", "--port", device.port, "--board", device.board, "--check"
    )


def test_a_firmware_that_it_cannot_load_never_comes_into_use(device: Device) -> None:
    """The slot that is not in use is spoiled after its hashes were compared: the trial finds it."""
    from tools import flash

    files = dict(flash.staged(device.board))
    files["wattpact/units.mpy"] = b"no .mpy"
    with device.console() as console:
        before = flash.slot_in_use(console)
        with pytest.raises(ConsoleError):
            flash.flash(console, files)
        console.fresh()
        assert flash.slot_in_use(console) == before
        assert console.ask("import wattpact.units\nprint('loads')") == "loads"


def test_it_holds_the_three_modules_of_the_device(console: Console) -> None:
    """Claim C11: acquisition, determination, contract signing."""
    for name in ("wattpact.market.book", "wattpact.market.choice", "wattpact.contract.proposing"):
        assert console.ask("import %s\nprint('there')" % name) == "there"


def test_its_generator_is_a_source_only_while_a_radio_is_on(console: Console) -> None:
    console.ask(
        "import network\n"
        "from wattpact.esp32.entropy import HardwareEntropy\n"
        "radio = network.WLAN(network.WLAN.IF_STA)\n"
        "radio.active(True)\n"
        "entropy = HardwareEntropy(radio)"
    )
    drawn = {console.ask("print(entropy.read(32).hex())") for _ in range(4)}
    assert len(drawn) == 4
    with pytest.raises(ConsoleError, match="radio is off"):
        console.ask("radio.active(False)\nentropy.read(32)")


def test_it_meters_the_load_that_is_there(device: Device, console: Console) -> None:
    """Three readings of its first meter, each phase within five per cent."""
    console.ask(
        "import json\n"
        "from wattpact.esp32.board import Board\n"
        "description = json.load(open('/board.json'))\n"
        "driver, row = Board(description).meter(description['meters'][0]['name'])"
    )
    phases = console.value("[[p.power_mw for p in driver.read().phases] for _ in range(3)]")[-1]
    for power_mw in phases:
        assert power_mw / 1000 == pytest.approx(device.load_w, rel=TOLERANCE)


def test_it_signs_what_a_pc_verifies(console: Console) -> None:
    digest = hashlib.sha256(b"a message").digest()
    console.ask(
        "from wattpact.crypto.signer import SoftwareSigner\n"
        "signer = SoftwareSigner(bytes(range(1, 33)))"
    )
    public = bytes.fromhex(console.ask("print(signer.public_key.hex())"))
    signature = bytes.fromhex(
        console.ask("print(signer.sign(bytes.fromhex(%r)).hex())" % digest.hex())
    )
    assert OpensslVerifier().verify([(public, digest, signature)]) == [True]


def test_its_store_keeps_what_it_kept_over_a_reset(device: Device) -> None:
    """Reset in the middle of writing: every value whose `keep` had returned is there."""
    store = (
        "from wattpact.esp32.flash_store import FlashStore, Folder\n"
        "store = FlashStore(Folder('/tried'), 65536)\n"
    )
    with device.console() as console:
        console.ask(store)
        for number in range(20):
            console.ask("store.keep(b'k%d', bytes(200))" % number)
        console.reset()
    with answers(device) as console:
        console.fresh()
        console.ask(store)
        assert console.value("len(store.items())") == 20
        console.ask(
            "import os\nfor name in os.listdir('/tried'):\n    os.remove('/tried/' + name)\nos.rmdir('/tried')"
        )


def test_its_watchdog_resets_a_board_that_hangs(device: Device) -> None:
    with device.console() as console, suppress(ConsoleError):  # it may be cut short
        console.ask("import machine\nmachine.WDT(timeout=2000)\nwhile True:\n    pass")
    with answers(device) as console:
        assert console.value(
            "__import__('machine').reset_cause() == __import__('machine').WDT_RESET"
        )


def test_its_ticks_go_as_a_pcs(console: Console) -> None:
    console.ask("import time")
    began, here = console.value("time.ticks_ms()"), time.monotonic()
    time.sleep(2)
    went = console.value("time.ticks_ms()") - began
    assert went / 1000 == pytest.approx(time.monotonic() - here, abs=0.5)


def test_there_is_memory_left_at_the_prompt(console: Console) -> None:
    assert (
        console.value("(__import__('gc').collect(), __import__('gc').mem_free())[1]") > MEMORY_LEAST
    )


@pytest.mark.usefixtures("provisioned")
def test_the_node_boots_from_main_py_and_prints_readings(device: Device) -> None:
    """From reset to network, time, and what its meter shows."""
    with device.console() as console:
        console.reset()
    told = heard(device, " W, import ")
    assert " on %s" % device.board in told
    assert "network: up" in told
    assert "Traceback" not in told
    with answers(device):
        pass  # interrupted, for whoever comes next
