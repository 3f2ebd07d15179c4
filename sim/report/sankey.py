# SPDX-License-Identifier: Apache-2.0
"""Who had how much from whom: sellers on the left, buyers on the right, a ribbon as thick as the energy.

A thousand homes are still one picture: the largest buyers stand alone, the rest stand together by what they have in
common. Grouping only adds up, so both sides always show the same energy.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sim.figures import count, energy, part, plain
from sim.report import svg
from sim.results import Flow

SELLERS_ALONE = {"plant": 8, "neighbour": 5, "roof": 1, "grid": 1}
SELLER_WORDS = {
    "plant": ("more plant", "more plants"),
    "neighbour": ("more neighbour", "more neighbours"),
    "roof": ("own roof", "own roofs"),
    "grid": ("grid", "grids"),
}
BUYERS_ALONE = 12  # as many as can stand each for itself; with more, the top ones and groups
BUYERS_TOP = 6
BUYER_WORDS = {
    "home": ("more, no roof", "more, no roof"),
    "prosumer": ("more, roof", "more, roof"),
}
ORDER = ("roof", "neighbour", "plant", "grid")
GAP = 7.0
LABEL_PITCH = 37.0  # two lines of text


@dataclass(frozen=True, slots=True)
class Party:
    """A seller or buyer that stands alone, or a group of `members` of one kind (then without a name)."""

    kind: str
    name: str
    members: int = 0

    @property
    def words(self) -> str:
        """What stands beside its box."""
        if not self.members:
            return plain(self.name)
        return count(self.members, *(SELLER_WORDS | BUYER_WORDS)[self.kind])


@dataclass(slots=True)
class Box:
    """Where a party stands; `taken` is how far down its edge ribbons are attached already."""

    party: Party
    energy_wh: int = 0
    top: float = 0.0
    height: float = 0.0
    taken: float = 0.0


def _parties(sums: dict[tuple[str, str], int], places: int) -> dict[tuple[str, str], Party]:
    """Each (kind, name) as itself if all fit, else the largest, leaving one place to the rest of each kind."""
    ranking = sorted(sums, key=lambda who: (-sums[who], who))
    alone = set(ranking if len(ranking) <= places else ranking[: places - 1])
    rest: dict[str, int] = {}
    for kind, name in sums:
        rest[kind] = rest.get(kind, 0) + ((kind, name) not in alone)
    return {
        (kind, name): Party(kind, name) if (kind, name) in alone else Party(kind, "", rest[kind])
        for kind, name in sums
    }


def _sums(pairs: Iterable[tuple[tuple[str, str], int]]) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for who, energy_wh in pairs:
        sums[who] = sums.get(who, 0) + energy_wh
    return sums


def grouped(flows: Sequence[Flow]) -> dict[tuple[Party, Party], int]:
    """(seller, buyer) -> Wh, between few enough parties to draw; the sum is that of `flows`."""
    sellers: dict[tuple[str, str], Party] = {}
    for kind, places in SELLERS_ALONE.items():
        sold = _sums(
            ((kind, flow.seller), flow.energy_wh) for flow in flows if flow.seller_kind == kind
        )
        sellers |= _parties(sold, places)
    bought = _sums(((flow.buyer_kind, flow.buyer), flow.energy_wh) for flow in flows)
    buyers = _parties(bought, BUYERS_ALONE if len(bought) <= BUYERS_ALONE else BUYERS_TOP + 1)
    merged: dict[tuple[Party, Party], int] = {}
    for flow in flows:
        if flow.energy_wh > 0:
            key = (sellers[flow.seller_kind, flow.seller], buyers[flow.buyer_kind, flow.buyer])
            merged[key] = merged.get(key, 0) + flow.energy_wh
    return merged


def _columns(merged: dict[tuple[Party, Party], int]) -> tuple[dict[Party, Box], dict[Party, Box]]:
    """Sellers by kind and size; buyers by size, groups last."""
    left: dict[Party, Box] = {}
    right: dict[Party, Box] = {}
    for (seller, buyer), energy_wh in merged.items():
        left.setdefault(seller, Box(seller)).energy_wh += energy_wh
        right.setdefault(buyer, Box(buyer)).energy_wh += energy_wh
    sellers = sorted(
        left.values(),
        key=lambda box: (
            ORDER.index(box.party.kind),
            box.party.members,
            -box.energy_wh,
            box.party.name,
        ),
    )
    buyers = sorted(
        right.values(), key=lambda box: (box.party.members, -box.energy_wh, box.party.name)
    )
    return {box.party: box for box in sellers}, {box.party: box for box in buyers}


def _place(boxes: Iterable[Box], height: float, scale: float) -> None:
    """Boxes from the top down, each with room for its label, centred as a column."""
    column = list(boxes)
    rooms = [max(box.energy_wh * scale, LABEL_PITCH - GAP) for box in column]
    top = (height - sum(rooms) - GAP * (len(column) - 1)) / 2
    for box, room in zip(column, rooms):
        box.height = box.energy_wh * scale
        box.top = box.taken = top + (room - box.height) / 2
        top += room + GAP


def _scale(boxes: Iterable[Box], height: float) -> float:
    """Units per Wh at which the column just fits while every label keeps its room, by bisection."""
    sizes = [box.energy_wh for box in boxes]
    low, high = 0.0, height / sum(sizes)
    for _ in range(40):
        middle = (low + high) / 2
        needed = sum(max(size * middle, LABEL_PITCH - GAP) for size in sizes)
        if needed + GAP * (len(sizes) - 1) <= height:
            low = middle
        else:
            high = middle
    return low


def draw(width: int, flows: Sequence[Flow]) -> str:
    """The whole picture; `flows` hold at least one Wh."""
    merged = grouped(flows)
    left, right = _columns(merged)
    tallest = max(len(left), len(right))
    height = max(LABEL_PITCH * tallest * 1.25, min(130.0 + 60 * tallest, 380))
    scale = min(_scale(left.values(), height), _scale(right.values(), height))
    _place(left.values(), height, scale)
    _place(right.values(), height, scale)
    margin_left, margin_right = (160, 200) if width == svg.WIDE else (106, 134)
    from_x, to_x = margin_left + 10.0, width - margin_right - 10.0
    total = sum(merged.values())
    parts = _ribbons(merged, left, right, from_x, to_x, scale)
    for box in left.values():
        parts.append(svg.rect(from_x - 10, box.top, 10, box.height, f"f-{box.party.kind}"))
        parts += _label(box, from_x - 18, "end", margin_left - 10, total)
    for box in right.values():
        parts.append(svg.rect(to_x, box.top, 10, box.height, "f-buyer"))
        parts += _label(box, to_x + 18, "", margin_right - 10, total)
    return svg.drawing(width, height, "Energy from each seller to each buyer", parts)


def _label(box: Box, x: float, anchor: str, room: float, total: int) -> list[str]:
    """The name and the energy, with its share where there is room."""
    middle = box.top + box.height / 2
    words = box.party.words
    figure = energy(box.energy_wh)
    if room > 130:
        figure += ", " + part(box.energy_wh, total)
    short = svg.shortened(words, room)
    if box.party.members and short != words:
        short = words = f"{box.party.members} more"
    return [
        svg.text(x, middle - 2, short, f"label strong {anchor}", words),
        svg.text(x, middle + 13, figure, f"label {anchor}"),
    ]


def _ribbons(
    merged: dict[tuple[Party, Party], int],
    left: dict[Party, Box],
    right: dict[Party, Box],
    from_x: float,
    to_x: float,
    scale: float,
) -> list[str]:
    """Ribbons leave and arrive in the order of the boxes at their other end, so that they cross least."""
    bend = (from_x + to_x) / 2
    parts: list[str] = []
    for seller, source in left.items():
        for buyer, sink in right.items():
            energy_wh = merged.get((seller, buyer), 0)
            if not energy_wh:
                continue
            thick = energy_wh * scale
            edges = (source.taken, sink.taken, max(thick, 0.6))
            source.taken += thick
            sink.taken += thick
            title = f"{seller.words} to {buyer.words}: {energy(energy_wh)}"
            parts.append(
                svg.path(_bow(from_x, bend, to_x, *edges), f"ribbon f-{seller.kind}", title)
            )
    return parts


def _bow(from_x: float, bend: float, to_x: float, start: float, end: float, thick: float) -> str:
    """Path commands of one ribbon from (from_x, start) to (to_x, end), both the upper corners."""
    a, m, b = svg.number(from_x), svg.number(bend), svg.number(to_x)
    s, e = svg.number(start), svg.number(end)
    s2, e2 = svg.number(start + thick), svg.number(end + thick)
    return f"M{a} {s}C{m} {s} {m} {e} {b} {e}V{e2}C{m} {e2} {m} {s2} {a} {s2}Z"
