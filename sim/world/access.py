# SPDX-License-Identifier: Apache-2.0
"""Access networks between a node and its broker, as TCP sees them: delay, jitter, rate, stalls where a segment is lost,
and times in which the line is gone.

Figures are for one way. Where a line says "ours", nobody measured it for us; docs/simulation.md has the sources.
"""

from dataclasses import dataclass

from .seeds import child

SEGMENT = 1_400
RTO_MS = 1_000
"""What a lost segment costs at least (RFC 6298, 2.4)."""
UP, DOWN = 0, 1


@dataclass(frozen=True)
class AccessNetwork:
    """`loss_ppm` of segments are sent again; the line is gone about every `hold_s` for `gone_s`; 0: never."""

    delay_ms: int
    jitter_ms: int
    """At most so much more, drawn anew for each piece."""
    rates: tuple[int, int]
    """Bit/s up, down."""
    loss_ppm: int
    hold_s: int
    gone_s: int


NETWORKS = {
    "gsm": AccessNetwork(250, 200, (30_000, 50_000), 10_000, 14_400, 60),
    "lte": AccessNetwork(20, 25, (5_000_000, 20_000_000), 1_000, 86_400, 20),
    "5g": AccessNetwork(8, 7, (20_000_000, 100_000_000), 500, 86_400, 10),
    "wifi": AccessNetwork(10, 102, (10_000_000, 20_000_000), 2_000, 43_200, 15),
    "ethernet": AccessNetwork(8, 4, (10_000_000, 50_000_000), 100, 0, 0),
}


class AccessLine:
    """One node's line. What it draws hangs on the seed, the node's name and the order of what is sent."""

    def __init__(self, network: AccessNetwork, seed: int, name: str, begin_ms: int) -> None:
        """Times are Unix ms; the first outage comes after `begin_ms`."""
        self._network = network
        self._random = child(seed, "access", name).randrange
        self._outages = child(seed, "access outages", name).randrange
        self._free_ms = [0, 0]  # when the way is free again
        self._last_ms = [0, 0]  # when the last piece arrives: TCP keeps the order
        self._gone = (begin_ms, begin_ms)
        self._advance(begin_ms)

    def arrival_ms(self, way: int, size: int, now_ms: int) -> int:
        """When `size` bytes, sent on at `now_ms`, are at the other end of `way`."""
        network = self._network
        start_ms = max(now_ms, self._free_ms[way])
        gone_ms, back_ms = self.outage(start_ms)
        if gone_ms <= start_ms:
            start_ms = back_ms
        self._free_ms[way] = start_ms + -(-size * 8_000 // network.rates[way])
        late_ms = self._free_ms[way] + network.delay_ms + self._random(network.jitter_ms + 1)
        for _ in range(-(-size // SEGMENT)):
            if self._random(1_000_000) < network.loss_ppm:
                late_ms += RTO_MS
        self._last_ms[way] = max(self._last_ms[way], late_ms)
        return self._last_ms[way]

    def outage(self, now_ms: int) -> tuple[int, int]:
        """[gone, back) of the outage that is now, or else of the next one."""
        while self._network.hold_s and self._gone[1] <= now_ms:
            self._advance(self._gone[1])
        return self._gone

    def _advance(self, since_ms: int) -> None:
        network = self._network
        if not network.hold_s:
            self._gone = (1 << 62, 1 << 62)
            return
        gone_ms = since_ms + network.hold_s * (500 + self._outages(1_001))
        self._gone = (gone_ms, gone_ms + network.gone_s * (500 + self._outages(1_001)))
