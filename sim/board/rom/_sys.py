# SPDX-License-Identifier: Apache-2.0
"""`sys` as a board has it: its name, and a standard output whose `buffer` goes out as it is."""

import io

import usys


class Output(io.IOBase):
    """Text, with line ends as a terminal wants them."""

    def __init__(self):
        self.buffer = open("/.rom/line", "wb")

    def write(self, content):
        """How much of it: all."""
        return usys.stdout.write(content if isinstance(content, str) else str(content, "utf-8"))

    def flush(self):
        """There is nothing to flush."""


class Module:
    """What differs; the rest is the VM's."""

    platform = "esp32"
    stdout = Output()

    def __getattr__(self, name):
        return getattr(usys, name)


module = Module()
