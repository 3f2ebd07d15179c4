# SPDX-License-Identifier: Apache-2.0
"""Calls the services of a board's parts as a guest does."""

from typing import cast

from sim.vm.services import Room, Service


class Slate:
    """Memory of a guest, as much as was written last."""

    def __init__(self) -> None:
        self.content = b""

    def read(self, address: int, size: int) -> bytes:
        """From the start."""
        return self.content[address : address + size]

    def write(self, address: int, content: bytes) -> None:
        """At the start."""
        self.content = content


class Program:
    """Of one part."""

    def __init__(self, services: dict[str, Service]) -> None:
        self._services = services

    def call(self, name: str, *arguments: int | bytes | str) -> int:
        """Its answer."""
        return self._services[name](*arguments) or 0

    def read(self, name: str, *arguments: int | bytes | str, size: int) -> bytes:
        """What it fills a room of `size` bytes with."""
        slate = Slate()
        self._services[name](*arguments, cast("int", Room(slate, 0, size)))
        return slate.content
