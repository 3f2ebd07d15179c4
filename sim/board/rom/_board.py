# SPDX-License-Identifier: Apache-2.0
"""The loop of a board's interpreter: it is given a source, runs it, and says how that ended, until it is reset."""

import gc
import sys

from outside import call

JOB = "/.rom/job"
FIRMWARE = ("asyncio", "esp32", "machine", "network", "ntptime", "os", "socket", "ssl", "time")


def load():
    """Have the firmware's modules in memory, and those in their place that the VM has of its own."""
    for name in FIRMWARE:
        __import__(name)
    import _micropython
    import _sys

    sys.modules["sys"] = _sys.module
    sys.modules["micropython"] = _micropython.module


def run(space):
    """For ever. `space` is the module __main__, in which everything runs."""
    load()
    space.clear()
    space["__name__"] = "__main__"
    pressed = KeyboardInterrupt()
    name = bytearray(256)
    ending = 0
    while True:
        try:
            told = call("next_job", ending, id(pressed), name)
            ending = ord("r")
            ending = ord(execute(chr(told & 255), str(name[: told >> 8], "utf-8"), space))
        except MemoryError:  # the program has used up all; what it does not hold any more is ours
            gc.collect()
        except KeyboardInterrupt:  # between two lines of ours
            pass


def execute(kind, name, space):
    """How it ended; what it raised is shown."""
    raised = None
    try:
        if kind == "f":
            execfile(name, space)
        else:
            with open(JOB) as file:
                source = file.read()
            code = compile(source, name, "single" if kind == "s" else "exec")
            del source
            exec(code, space)
    except SystemExit:
        call("output_ended")
        return "x"
    except BaseException as error:
        raised = error
    call("output_ended")
    if raised is None:
        return "d"
    sys.print_exception(raised)
    return "r"
