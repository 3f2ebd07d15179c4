# SPDX-License-Identifier: Apache-2.0
"""An RV32 processor that runs viper functions as mpy-cross compiled them, and the little of MicroPython that they call.

Objects are kept as a 32-bit port with digits of 16 bits keeps them, id() tells their address, and around whatever is
written to stand bytes that must not change. Instructions are those of the machine code itself; what it calls in the
interpreter is counted by name.
"""

from collections import Counter
from functools import partial
from importlib import import_module
from typing import Any

from sim.rv32.mpy import Mpy

unicorn: Any = import_module("unicorn")  # untyped
registers: Any = import_module("unicorn.riscv_const")  # untyped

CODE, TABLE, STACK, STOP = 0x10000, 0x80000, 0x90000, 0xA0000  # each ends before the next
STACK_SIZE = HEAP_SIZE = 0x10000
DRAM = 0x3FFB0000  # where an ESP32 keeps its objects
HIGH_RAM = 0x40800000  # where an ESP32-C6 does: id() loses the highest bit of it
GUARD = b"\xee" * 16
INT_TYPE = 0x3F401230  # what the first word of every integer object is

# The interpreter's table of functions, py/nativeglue.c, as far as our code calls it.
ROUTINES = {
    3: "from_object",
    4: "to_object",
    9: "load_attr",
    10: "load_method",
    27: "call_function",
    28: "call_method",
    46: "floor_divide",
}
TABLE_SIZE = 80
ROUTINE_SIZE = 16
FIRST_ROUTINE = TABLE + 4 * TABLE_SIZE
AS_OBJECT, AS_BOOL, AS_INT, AS_UINT = (
    0,
    1,
    2,
    3,
)  # what from_object is asked for; above these come the pointers


class MachineError(AssertionError):
    """The machine code did what it must not."""


class Function:
    """A viper function, called with Python's objects. In a class it is a method."""

    def __init__(self, machine: "Machine", size: int, address: int, word: int) -> None:
        self.machine = machine
        self.size = size  # of the machine code
        self.address = address  # of its first instruction
        self.word = word  # the function object

    def __call__(self, *arguments: object) -> Any:
        return self.machine.run(self, arguments)

    def __get__(self, instance: object, owner: object) -> Any:
        return self if instance is None else partial(self, instance)


class Identity:
    """MicroPython's id(): the address as a small integer, which has no room for its highest bit."""

    def __init__(self, machine: "Machine") -> None:
        self.machine = machine

    def __call__(self, thing: object) -> int:
        return signed(self.machine.put(thing) << 1 & 0xFFFFFFFF) >> 1


def signed(word: int) -> int:
    """The word as a number in two's complement."""
    return word - (1 << 32) if word & 0x80000000 else word


def to_bytes(value: int, size: int, order: str) -> bytes:
    """MicroPython's int.to_bytes: two's complement for negative integers, without being asked."""
    assert order == "little"
    if not -(1 << 8 * size - 1) <= value < 1 << 8 * size:
        raise OverflowError("buffer too small")
    return (value % (1 << 8 * size)).to_bytes(size, "little")


class Memory:
    """Memory of the processor with objects in it; those of before `keep` stay when `forget` is said."""

    def __init__(self, heap: int) -> None:
        self.cpu = unicorn.Uc(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32)
        regions = (
            (CODE, TABLE),
            (TABLE, STACK),
            (STACK, STACK + STACK_SIZE),
            (STOP, STOP + 0x1000),
        )
        for begin, end in (*regions, (heap, heap + HEAP_SIZE)):
            self.cpu.mem_map(begin, end - begin)
        self.end = heap + HEAP_SIZE
        self.free: int = heap
        self.kept: int = heap
        self.integer_types = {INT_TYPE}
        self.taken: list[tuple[int, int]] = []  # places and their sizes
        self.kept_count = 0
        self.objects: dict[int, object] = {}
        self.words: dict[int, int] = {}
        self.kept_objects: dict[int, object] = {}
        self.kept_words: dict[int, int] = {}

    def keep(self) -> None:
        """What is there now stays."""
        self.kept = self.free
        self.kept_count = len(self.taken)
        self.kept_objects, self.kept_words = dict(self.objects), dict(self.words)

    def forget(self) -> None:
        """What came since is gone."""
        self.free = self.kept
        self.objects, self.words = dict(self.kept_objects), dict(self.kept_words)
        del self.taken[self.kept_count :]

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.cpu.mem_read(address, size))

    def read_words(self, address: int, count: int) -> list[int]:
        content = self.read(address, 4 * count)
        return [int.from_bytes(content[at : at + 4], "little") for at in range(0, 4 * count, 4)]

    def write_words(self, address: int, *words: int) -> None:
        content = [(word & 0xFFFFFFFF).to_bytes(4, "little") for word in words]
        self.cpu.mem_write(address, b"".join(content))

    def take(self, content: bytes) -> int:
        """A place of its own for `content`, with guards before and behind."""
        address = self.free + len(GUARD)
        self.free = address + len(content) + len(GUARD) + 15 & ~15
        assert self.free <= self.end, "out of memory"
        self.cpu.mem_write(address - len(GUARD), GUARD + content + GUARD)
        self.taken.append((address, len(content)))
        return address

    def put(self, thing: object) -> int:
        """The word that stands for `thing`."""
        if isinstance(thing, Function):
            return thing.word
        if isinstance(thing, int) and not isinstance(thing, bool):
            if -(1 << 30) <= thing < 1 << 30:
                return (thing << 1 | 1) & 0xFFFFFFFF
            return self.put_integer(thing)
        if id(thing) not in self.words:
            content = bytes(thing) if isinstance(thing, (bytes, bytearray)) else b""
            word = self.take(bytes(16))
            self.write_words(word + 8, len(content), self.take(content))
            self.objects[word] = thing
            self.words[id(thing)] = word
        return self.words[id(thing)]

    def put_integer(self, value: int, room: int = 0) -> int:
        """An integer object with room for at least so many digits: type; room, sign; digits in use; where they are."""
        count = (abs(value).bit_length() + 15) // 16
        room = max(room, count, 2)
        digits = abs(value).to_bytes(2 * count, "little") + GUARD[:2] * (room - count)
        word = self.take(bytes(16))
        self.write_words(word, INT_TYPE, room << 2 | (value < 0), count, self.take(digits))
        return word

    def get(self, word: int) -> Any:
        """What `word` stands for, as it is by now."""
        if word & 1:
            return signed(word) >> 1
        if word in self.objects:
            thing = self.objects[word]
            if isinstance(thing, bytearray):
                thing[:] = self.read(self.items(word), len(thing))
            return thing
        return self.integer(word)

    def integer(self, word: int) -> int:
        kind, flags, count, digits = self.read_words(word, 4)
        if kind not in self.integer_types:
            raise MachineError("no object at 0x%x" % word)
        value = int.from_bytes(self.read(digits, 2 * count), "little")
        if count and value.bit_length() <= 16 * (count - 1):
            raise MachineError("an integer with zeros on top")
        return -value if flags & 1 else value

    def items(self, word: int) -> int:
        """Where the bytes of a bytes or bytearray are."""
        return self.read_words(word + 12, 1)[0]

    def check(self) -> None:
        """Guards are whole and bytes unchanged; bytearrays get what was written to them."""
        for address, size in self.taken[self.kept_count :]:
            before, behind = self.read(address - len(GUARD), 16), self.read(address + size, 16)
            if before != GUARD or behind != GUARD:
                raise MachineError("written beyond the %d bytes at 0x%x" % (size, address))
        for word, thing in self.objects.items():
            if isinstance(thing, bytes) and self.read(self.items(word), len(thing)) != thing:
                raise MachineError("bytes were changed")
            self.get(word)


class Machine(Memory):
    """A processor with the functions of one file or more."""

    def __init__(self, heap: int = DRAM, counting: bool = False, watching: bool = False) -> None:
        """`counting` instructions and `watching` every access to an object take time."""
        super().__init__(heap)
        self.instructions = 0  # all there were, if counting
        self.calls: Counter[str] = Counter()
        self.to_bytes = to_bytes
        self.error: BaseException | None = None
        self.names: list[str] = []
        self.functions: dict[int, Function] = {}
        self.sizes: dict[tuple[int, int], int] = {}
        self.free_code = CODE
        for index in range(TABLE_SIZE):
            address = FIRST_ROUTINE + ROUTINE_SIZE * index
            self.cpu.mem_write(address, b"\x73\x00\x00\x00\x82\x80")  # ecall; ret
            self.write_words(TABLE + 4 * index, address)
        self.write_words(TABLE, *map(self.put, (None, False, True)))
        self.keep()
        self.cpu.hook_add(unicorn.UC_HOOK_INTR, self.on_routine)
        if counting:
            self.cpu.hook_add(unicorn.UC_HOOK_BLOCK, self.on_block, begin=CODE, end=TABLE)
        if watching:
            accesses = unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE
            self.cpu.hook_add(accesses, self.on_access, begin=heap, end=self.end)

    def add(self, file: Mpy) -> dict[str, Function]:
        """Its viper functions, by name."""
        constants = self.take(bytes(4 * len(file.constants)))
        words = [
            TABLE if index == file.table else self.put(thing)
            for index, thing in enumerate(file.constants)
        ]
        self.write_words(constants, *words)
        numbers = range(len(self.names), len(self.names) + len(file.names))
        self.names += file.names
        names = self.take(b"".join(number.to_bytes(2, "little") for number in numbers))
        context = self.take(bytes(16))
        self.write_words(context, 0, 0, names, constants)
        found: dict[str, Function] = {}
        for name, code in file.functions.items():
            if code.kind == "viper":
                self.cpu.mem_write(self.free_code, code.machine_code)
                word = self.take(bytes(16))
                self.write_words(word, 0, context)
                found[name] = Function(self, len(code.machine_code), self.free_code, word)
                self.functions[word] = found[name]
                self.objects[word] = found[name]
                self.free_code = self.free_code + len(code.machine_code) + 15 & ~15
        assert self.free_code <= TABLE
        self.keep()
        return found

    def run(self, function: Function, arguments: tuple[object, ...]) -> Any:
        """Call it; MachineError if it wrote where it must not."""
        self.forget()
        return self.run_words(function, [self.put(argument) for argument in arguments])

    def run_words(self, function: Function, words: list[int]) -> Any:
        """Call it with arguments that are in memory already."""
        place = self.take(bytes(4 * len(words)))
        self.write_words(place, *words)
        self.start(function, len(words), place)
        self.cpu.reg_write(registers.UC_RISCV_REG_RA, STOP)
        self.cpu.reg_write(registers.UC_RISCV_REG_SP, STACK + STACK_SIZE - 16)
        self.error = None
        self.cpu.emu_start(function.address, STOP)
        if self.error is not None:
            raise self.error
        result = self.get(self.cpu.reg_read(registers.UC_RISCV_REG_A0))
        self.check()
        return result

    def start(self, function: Function, count: int, place: int) -> None:
        """Registers of a call: the function, how many arguments, none of them by name, and where they are."""
        self.cpu.reg_write(registers.UC_RISCV_REG_A0, function.word)
        self.cpu.reg_write(registers.UC_RISCV_REG_A1, count)
        self.cpu.reg_write(registers.UC_RISCV_REG_A2, 0)
        self.cpu.reg_write(registers.UC_RISCV_REG_A3, place)

    def on_block(self, cpu: Any, address: int, size: int, extra: object) -> None:
        """A straight run of instructions: of four bytes, or of two where the lowest two bits are not both set."""
        if (address, size) not in self.sizes:
            code, at, count = self.read(address, size), 0, 0
            while at < size:
                at += 4 if code[at] & 3 == 3 else 2
                count += 1
            self.sizes[address, size] = count
        self.instructions += self.sizes[address, size]

    def on_access(self, cpu: Any, kind: int, address: int, size: int, *rest: object) -> None:
        """Whatever the machine code reads or writes lies in one object."""
        for place, room in self.taken:
            if place <= address and address + size <= place + room:
                return
        self.error = MachineError("0x%x is in no object" % address)
        cpu.emu_stop()

    def on_routine(self, cpu: Any, number: int, extra: object) -> None:
        """The machine code called the interpreter: the routine's ecall is behind us."""
        index = (cpu.reg_read(registers.UC_RISCV_REG_PC) - FIRST_ROUTINE) // ROUTINE_SIZE
        first = cpu.reg_read(registers.UC_RISCV_REG_A0)
        second = cpu.reg_read(registers.UC_RISCV_REG_A1)
        third = cpu.reg_read(registers.UC_RISCV_REG_A2)
        try:
            name = ROUTINES[index]
            self.calls[name] += 1
            if name == "call_method":
                self.call(self.read_words(third, 1)[0], first, third + 8)
            elif name == "call_function":
                self.call(first, second, third)
            else:
                self.give(getattr(self, name)(first, second, third))
        except BaseException as error:  # noqa: BLE001 - handed to run(), past the processor's C code
            self.error = error
            cpu.emu_stop()

    def give(self, word: int) -> None:
        """The result of a routine."""
        self.cpu.reg_write(registers.UC_RISCV_REG_A0, word & 0xFFFFFFFF)

    def call(self, word: int, count: int, place: int) -> None:
        """Python's give a result; machine code goes on at its beginning, and will give one."""
        called = self.get(word)
        if isinstance(called, Function):
            self.start(called, count, place)
            self.cpu.reg_write(registers.UC_RISCV_REG_PC, called.address)
            return
        words = self.read_words(place, count)
        if isinstance(called, Identity):
            self.give(words[0] << 1 | 1 if not words[0] & 1 else self.put(words[0]))
        else:
            self.give(self.put(called(*map(self.get, words))))

    def from_object(self, word: int, kind: int, _third: int) -> int:
        """What a parameter declared as a number or a pointer gets for an object."""
        kind &= 15
        if kind == AS_OBJECT:
            return word
        thing = self.get(word)
        if kind == AS_BOOL:
            return bool(thing)
        if kind > AS_UINT and isinstance(thing, (bytes, bytearray)):
            return self.items(word)
        return thing

    def to_object(self, word: int, kind: int, _third: int) -> int:
        return word if kind & 15 == AS_OBJECT else self.put(signed(word))

    def load_attr(self, word: int, name: int, _third: int) -> int:
        return self.put(getattr(self.get(word), self.names[name]))

    def load_method(self, word: int, name: int, place: int) -> int:
        """The method and no object to go with it: it is bound."""
        owner, called = self.get(word), self.names[name]
        if called == "to_bytes":
            method: object = partial(self.to_bytes, owner)
        else:
            method = getattr(owner, called)
        self.write_words(place, self.put(method), 0)
        return 0

    def floor_divide(self, dividend: int, divisor: int, _third: int) -> int:
        return signed(dividend) // signed(divisor)
