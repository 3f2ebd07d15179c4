# SPDX-License-Identifier: Apache-2.0
"""Where the MicroPython build stands, and its machine code, which is compiled once and then kept beside it.

`make setup` puts the build there (tools/spill_pointers.py).
"""

import hashlib
import tempfile
from pathlib import Path

from wasmtime import Config, Engine, Module, WasmtimeError

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGE = ROOT / ".cache" / "micropython" / "micropython-spilled.wasm"
# Of the host's stack. MicroPython's own check of its stack comes long before this and raises in the guest.
STACK_BYTES = 512 * 1024


def engine() -> Engine:
    """An engine for one machine: a guest is stopped by its engine's epoch, which all guests of an engine share."""
    config = Config()
    config.wasm_exceptions = True  # what MicroPython's own exceptions are made of
    config.epoch_interruption = True
    config.max_wasm_stack = STACK_BYTES
    return Engine(config)


def load(engine: Engine, image: Path = IMAGE) -> Module:
    """`image`, compiled for this processor. FileNotFoundError if setup did not run.

    The machine code is named by its source's hash. Another wasmtime or processor refuses it, and it is made anew.
    """
    if not image.exists():
        raise FileNotFoundError("%s is missing: run tools/setup.sh" % image)
    source = image.read_bytes()
    kept = image.with_suffix(".%s.cwasm" % hashlib.sha256(source).hexdigest()[:16])
    if kept.exists():
        try:
            return Module.deserialize_file(engine, str(kept))
        except WasmtimeError:
            pass
    module = Module(engine, source)
    store_whole(kept, bytes(module.serialize()))
    return module


def store_whole(path: Path, content: bytes) -> None:
    """So that another process that reads `path` finds all of `content` or what was there before."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)
