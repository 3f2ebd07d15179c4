# SPDX-License-Identifier: Apache-2.0
"""An access network as TCP sees it: late, in order, all of it, and now and then not at all."""

import pytest

from sim.world.access import DOWN, NETWORKS, RTO_MS, SEGMENT, UP, AccessLine, AccessNetwork

NOW_MS = 1_750_000_000_000
CALM = AccessNetwork(100, 0, (8_000, 80_000), 0, 0, 0)


def test_a_piece_takes_its_time_on_the_line_and_the_delay() -> None:
    """A thousand bytes at 8 kbit/s are a second; down the same line ten times as fast."""
    line = AccessLine(CALM, 1, "H1", NOW_MS)
    assert line.arrival_ms(UP, 1000, NOW_MS) == NOW_MS + 1000 + 100
    assert line.arrival_ms(DOWN, 1000, NOW_MS) == NOW_MS + 100 + 100


def test_pieces_wait_for_each_other_and_keep_their_order() -> None:
    """The second begins when the first has left, and none overtakes another, whatever the jitter."""
    line = AccessLine(CALM, 1, "H1", NOW_MS)
    assert line.arrival_ms(UP, 1000, NOW_MS) == NOW_MS + 1100
    assert line.arrival_ms(UP, 1000, NOW_MS) == NOW_MS + 2100
    restless = AccessLine(NETWORKS["gsm"], 1, "H1", NOW_MS)
    arrivals = [restless.arrival_ms(UP, 100, NOW_MS + 10 * index) for index in range(500)]
    assert arrivals == sorted(arrivals)


def test_a_lost_segment_costs_a_timeout_and_no_byte() -> None:
    """If all were lost once, each would cost one."""
    lossy = AccessNetwork(100, 0, (8_000_000, 8_000_000), 1_000_000, 0, 0)
    line = AccessLine(lossy, 1, "H1", NOW_MS)
    size = 2 * SEGMENT + 1
    sent_ms = -(-size * 8_000 // 8_000_000)
    assert line.arrival_ms(UP, size, NOW_MS) == NOW_MS + sent_ms + 100 + 3 * RTO_MS


def test_the_line_is_gone_now_and_then() -> None:
    """About every `hold_s` for about `gone_s`; what is sent meanwhile waits for its end."""
    network = AccessNetwork(0, 0, (8_000_000, 8_000_000), 0, 3600, 60)
    line = AccessLine(network, 1, "H1", NOW_MS)
    gone_ms, back_ms = line.outage(NOW_MS)
    assert 1_800_000 <= gone_ms - NOW_MS <= 5_400_000
    assert 30_000 <= back_ms - gone_ms <= 90_000
    assert line.arrival_ms(UP, 1, gone_ms + 1) >= back_ms
    assert line.outage(back_ms)[0] > back_ms


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_one_seed_and_name_is_one_line(name: str) -> None:
    """The same draws again; another node's are its own."""
    lines = [AccessLine(NETWORKS[name], 7, node, NOW_MS) for node in ("H1", "H1", "H2")]
    first, again, other = (
        [line.arrival_ms(DOWN, 3000, NOW_MS + 1000 * index) for index in range(50)]
        for line in lines
    )
    assert first == again != other
