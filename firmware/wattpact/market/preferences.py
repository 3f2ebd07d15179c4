# SPDX-License-Identifier: Apache-2.0
"""What the user wants: which plants, at what price, how reliable, for how much money. Checked once, then trusted.

    Preferences(allowed, favoured, blocked, price_cap, score_min_ppm, budget_nano_per_day, paused, cover_min_ppm,
                favour_ppm)     every one has a default: Preferences() buys from anybody below the grid's price
    from_fields(fields) -> Preferences       as in board.json; plants are 16 hex digits; a missing key is the default

ValueError names the field: the person who wrote it reads the message.
"""

from binascii import unhexlify

from ..compat import const
from ..units import PPM, PRICE_MAX, UG_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable

IDS_MAX = const(32)  # plants named in one list
FAVOUR_PPM_MAX = const(500000)

_LISTS = ("allowed", "favoured", "blocked")
_FIGURES = (
    "price_cap",
    "score_min_ppm",
    "budget_nano_per_day",
    "cover_min_ppm",
    "favour_ppm",
)


class Preferences:
    """One user's wishes; immutable by convention."""

    def __init__(
        self,
        allowed: "Iterable[bytes]" = (),
        favoured: "Iterable[bytes]" = (),
        blocked: "Iterable[bytes]" = (),
        price_cap: int = PRICE_MAX,
        score_min_ppm: int = 0,
        budget_nano_per_day: int = UG_MAX,
        paused: bool = False,
        cover_min_ppm: int = 250000,
        favour_ppm: int = 100000,
    ) -> None:
        """Plants are 8-byte ids; an empty `allowed` allows all.

        `price_cap` is micro-currency per kWh; `budget_nano_per_day` what contracts of one day may cost; `cover_min_ppm`
        the share of the need that a plant must have; `favour_ppm` the share of a favoured plant's expected cost that is
        not counted when plants are compared. Raises ValueError that begins with the field's name.
        """
        self.allowed = _plants(allowed, "allowed")
        self.favoured = _plants(favoured, "favoured")
        self.blocked = _plants(blocked, "blocked")
        for name, others in (("allowed", self.allowed), ("favoured", self.favoured)):
            if others & self.blocked:
                raise ValueError("blocked: names a plant that is also " + name)
        self.price_cap = _figure(price_cap, 1, PRICE_MAX, "price_cap")
        self.score_min_ppm = _figure(score_min_ppm, 0, PPM, "score_min_ppm")
        self.budget_nano_per_day = _figure(budget_nano_per_day, 0, UG_MAX, "budget_nano_per_day")
        if type(paused) is not bool:
            raise ValueError("paused: must be true or false")
        self.paused = paused
        self.cover_min_ppm = _figure(cover_min_ppm, 0, PPM, "cover_min_ppm")
        self.favour_ppm = _figure(favour_ppm, 0, FAVOUR_PPM_MAX, "favour_ppm")


def from_fields(fields: "dict[str, Any]") -> Preferences:
    """Preferences from a JSON object: lists of hex ids, figures, `paused`. ValueError begins with the key."""
    values: "dict[str, Any]" = {}
    for key in sorted(fields):
        value = fields[key]
        if key in _LISTS:
            values[key] = _plant_ids(value, key)
        elif key == "paused" or key in _FIGURES:
            values[key] = value
        else:
            raise ValueError(key + ": no such preference")
    return Preferences(**values)


def _plant_ids(texts: "Any", name: str) -> "list[bytes]":
    if type(texts) not in (list, tuple):
        raise ValueError(name + ": must be a list of plant ids")
    return [_plant_id(text, name) for text in texts]


def _plant_id(text: "Any", name: str) -> bytes:
    if type(text) is str and len(text) == 16:
        try:
            return unhexlify(text)
        except ValueError:  # not hex: told below
            pass
    raise ValueError(name + ": a plant id is 16 hex digits")


def _plants(ids: "Iterable[bytes]", name: str) -> "set[bytes]":
    found = set(ids)
    if len(found) > IDS_MAX:
        raise ValueError("%s: at most %d plants" % (name, IDS_MAX))
    for plant_id in found:
        if type(plant_id) is not bytes or len(plant_id) != 8:
            raise ValueError(name + ": a plant id is 8 bytes")
    return found


def _figure(value: int, least: int, most: int, name: str) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError("%s: must be a whole number from %d to %d" % (name, least, most))
    return value
