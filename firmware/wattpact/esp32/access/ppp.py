# SPDX-License-Identifier: Apache-2.0
"""Access over a cellular modem: it dials, then PPP runs on its serial line."""

import network

from ...compat import const
from ...errors import LinkError
from .keeper import until

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .keeper import Sleep
    from .modem import Modem

NEGOTIATE_MS = const(30000)


class Ppp:
    """One subscription. The user "" is for operators that ask for none."""

    def __init__(
        self,
        modem: "Modem",
        ppp_of: "Callable[[], network.PPP]",
        user: str,
        key: str,
        sleep_ms: "Sleep",
    ) -> None:
        """`ppp_of` makes a fresh one on the modem's line: one that failed is not to be used again."""
        self._modem = modem
        self._ppp_of = ppp_of
        self._user = user
        self._key = key
        self._sleep_ms = sleep_ms
        self._ppp: "network.PPP | None" = None

    async def up(self) -> None:
        """LinkError says at which step it failed."""
        self.down()
        await self._modem.dial()
        ppp = self._ppp_of()
        self._ppp = ppp
        if self._user:
            ppp.connect(security=network.PPP.SEC_CHAP, user=self._user, key=self._key)
        else:
            ppp.connect()
        if not await until(ppp.isconnected, NEGOTIATE_MS, self._sleep_ms):
            raise LinkError("PPP: no address: check user and key, if the operator wants them")

    def is_up(self) -> bool:
        """Negotiated, with an address."""
        return self._ppp is not None and self._ppp.isconnected()

    def down(self) -> None:
        """Hang up; the modem goes back to commands by itself, or is talked into it at the next `up`."""
        ppp, self._ppp = self._ppp, None
        if ppp is not None:
            ppp.disconnect()
