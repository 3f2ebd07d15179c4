# SPDX-License-Identifier: Apache-2.0
"""Plants, offers and candidates as a test wants them: everything ordinary but what the test names."""

from hashlib import sha256

from wattpact.market.book import Book
from wattpact.market.choice import Candidate, Demand
from wattpact.market.reliability import Judgement, judge
from wattpact.wire.messages import ROLE_PLANT, Offer, Register

NETWORK = b"network!"
METER = b"\xa1" * 8
SLOT_S = 900
DAY_S = 86400
HOUR_S = 3600
NOW = 1_780_300_800  # 2026-06-01 08:00 UTC, a slot's start
ALWAYS = [(0, DAY_S)] * 12


def plant_id(number: int) -> bytes:
    """The id of plant `number`; numbers and ids have the same order."""
    return number.to_bytes(8, "big")


def panel_id(number: int, panel: int = 0) -> bytes:
    """The id of one of the plant's panels."""
    return bytes([1, panel]) + number.to_bytes(6, "big")


def plant_kid(number: int) -> bytes:
    """The kid of the plant's key."""
    return b"kid" + number.to_bytes(5, "big")


def register(
    number: int,
    panels: int = 1,
    issued_at: int = NOW - 60 * DAY_S,
    service: list[tuple[int, int]] = ALWAYS,
) -> Register:
    """A plant's registration; its key is no point on the curve, which the market never looks at."""
    return Register(
        network=NETWORK,
        public_key=b"\x04" + bytes(64),
        roles=[ROLE_PLANT],
        owner=b"operator",
        neighbourhood=7,
        plant_id=plant_id(number),
        panels=[(panel_id(number, panel), 5000, 100) for panel in range(panels)],
        service=service,
        issued_at=issued_at,
    )


def offer(
    number: int,
    seq: int = 1,
    start: int = NOW,
    price: int = 250_000,
    wh: tuple[int, ...] = (200, 200, 200, 200),
    panels: int = 1,
    remaining_wh: int | None = None,
    low: list[tuple[int, int]] | None = None,
) -> Offer:
    """An offer of plant `number`, the same Wh from each of its panels."""
    return Offer(
        network=NETWORK,
        plant_id=plant_id(number),
        seq=seq,
        start=start,
        price=price,
        currency=978,
        panels=[(panel_id(number, panel), list(wh)) for panel in range(panels)],
        remaining_wh=sum(wh) * panels if remaining_wh is None else remaining_wh,
        low=low or [],
        issued_at=NOW,
    )


def hear(
    book: Book,
    number: int,
    offered: Offer | None = None,
    now: int = NOW,
    direct: bool = True,
    kid: bytes | None = None,
    registered: Register | None = None,
    envelope_size: int = 300,
    keep: tuple[bytes, ...] = (),
) -> str:
    """Let the book hear plant `number`; an offer's id is the hash of its payload, as everywhere."""
    offered = offered or offer(number)
    return book.hear(
        offered,
        sha256(offered.payload()).digest(),
        kid or plant_kid(number),
        b"o" * envelope_size,
        registered or register(number),
        b"r" * 200,
        now,
        direct,
        keep,
    )


def book() -> Book:
    """An empty book of a meter in UTC."""
    return Book(METER, SLOT_S, 0)


def demand(
    need: tuple[int, ...] = (120, 130, 110, 140),
    grid_price: int = 320_000,
    hurdle: int = 100_000,
    meter: bytes = METER,
) -> Demand:
    """What the meter wants, at one grid price."""
    return Demand(meter, NOW, SLOT_S, list(need), [grid_price] * len(need), hurdle)


def candidate(
    number: int,
    price: int = 250_000,
    ppm: int = 910_000,
    panels: list[tuple[bytes, list[int]]] | None = None,
    remaining_wh: int = 10_000,
    judgement: Judgement | None = None,
    equivocated: bool = False,
) -> Candidate:
    """A plant ready to be chosen."""
    return Candidate(
        plant_id(number),
        plant_kid(number),
        sha256(plant_id(number)).digest(),
        price,
        panels or [(panel_id(number), [200] * 8)],
        10_000,
        remaining_wh,
        judgement or judge(ppm, has_facts=True, told=[]),
        equivocated,
    )
