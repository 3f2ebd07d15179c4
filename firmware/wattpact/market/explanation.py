# SPDX-License-Identifier: Apache-2.0
"""A choice told to a person: what was needed, what the grid asks, and of every plant why it was or was not taken.

    explain_lines(choice) -> lines of text

Nothing is decided here, and nothing is shown that the choice did not keep.
"""

from binascii import hexlify

from ..units import PPM, civil
from .choice import CHOSEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .choice import Choice, Option


def explain_lines(choice: "Choice") -> "list[str]":
    """One line for the demand, one for each plant, best first, and one for the outcome."""
    demand = choice.demand
    lines = [
        "%s, %d slots of %d min: %d Wh needed; the grid asks %s per kWh, a failed kWh costs %s more"
        % (
            _when(demand.start),
            len(demand.need),
            demand.slot_s // 60,
            demand.total_wh,
            _price(choice.grid_price),
            _price(demand.hurdle),
        )
    ]
    for place, option in enumerate(choice.options):
        lines.append("%d. %s" % (place + 1, _option(option)))
    if choice.outcome == CHOSEN:
        best = choice.ranking[0]
        lines.append(
            "chosen: plant %s, %d Wh from %s, expected saving %s per kWh"
            % (
                _hex(best.plant_id),
                best.total_wh,
                _when(best.start),
                _price((choice.grid_price * PPM - best.cost) // PPM),
            )
        )
    else:
        lines.append("from the grid: " + choice.outcome)
    return lines


def _option(option: "Option") -> str:
    judgement = option.judgement
    told = judgement.told_median
    text = "plant %s at %s, reliability %s (%s; own %s, neighbours %s), expected cost %s" % (
        _hex(option.plant_id),
        _price(option.price),
        _share(judgement.ppm),
        judgement.source,
        _share(judgement.own_ppm),
        "none" if told is None else _share(told),
        _price(option.cost // PPM),
    )
    if option.panel_id:
        text += ", panel %s has %d Wh" % (_hex(option.panel_id), option.total_wh)
    return text + ": " + option.verdict


def _hex(raw: bytes) -> str:
    return hexlify(raw).decode()


def _price(micro: int) -> str:
    """Currency per kWh; the last places are micro-currency."""
    return "%d.%06d" % (micro // PPM, micro % PPM)


def _share(ppm: int) -> str:
    """Per cent, cut off after the second place: nothing looks better than it is."""
    return "%d.%02d %%" % (ppm // 10000, ppm % 10000 // 100)


def _when(time: int) -> str:
    year, month, day = civil(time)
    minutes = time % 86400 // 60
    return "%04d-%02d-%02d %02d:%02d UTC" % (year, month, day, minutes // 60, minutes % 60)
