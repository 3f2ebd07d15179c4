# SPDX-License-Identifier: Apache-2.0
"""Access over Ethernet: the ESP32's own MAC with a PHY beside it, an address by DHCP."""

import network

from ...compat import const
from ...errors import LinkError
from .keeper import until

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from .keeper import Sleep

    class Lan(Protocol):
        """What is used of network.LAN; the stubs have two of that name, of which the second hides the first."""

        def active(self, *is_active: bool) -> object:
            """Ask or set."""
            ...

        def isconnected(self) -> bool:
            """Whether there are a link and an address."""
            ...

        def status(self) -> int:
            """One of network.ETH_..."""
            ...


LEASE_MS = const(30000)


class Ethernet:
    """One socket."""

    def __init__(self, lan: "Lan", sleep_ms: "Sleep") -> None:
        self._lan = lan
        self._sleep_ms = sleep_ms

    async def up(self) -> None:
        """LinkError says whether it is the cable or the address that is missing."""
        if not self._lan.active():
            self._lan.active(True)
        if await until(self._lan.isconnected, LEASE_MS, self._sleep_ms):
            return
        if self._lan.status() == network.ETH_CONNECTED:
            raise LinkError("Ethernet: no address: is there a DHCP server?")
        raise LinkError("Ethernet: no link: check cable and switch")

    def is_up(self) -> bool:
        """Link and address."""
        return self._lan.isconnected()

    def down(self) -> None:
        """Off, so that the next time begins from the start."""
        self._lan.active(False)
