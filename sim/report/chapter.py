# SPDX-License-Identifier: Apache-2.0
"""What every chapter with a chart is made of: a legend, the chart for two widths, a sentence, or plain words.

A chapter without anything to show says so instead of drawing an empty chart.
"""

from collections.abc import Callable, Sequence

from sim.figures import escape
from sim.report import svg
from sim.results import Results

Legend = Sequence[tuple[str, str, str]]  # (class, words, figure)


def figure(draw: Callable[[int], str], legend: Legend, caption: str) -> str:
    """The legend, the chart for both widths, and the sentence under it."""
    items = "".join(
        f'<li>{_swatch(kind)}<span>{escape(words)} <span class="soft">{escape(value)}</span></span></li>'
        for kind, words, value in legend
    )
    keys = f'<ul class="legend">{items}</ul>' if items else ""
    return (
        f"<figure>{keys}{draw(svg.WIDE)}{draw(svg.NARROW)}"
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _swatch(kind: str) -> str:
    """A line sample for "s-..." classes, else a box."""
    if kind.startswith("s-") or kind == "total":
        return f'<svg viewBox="0 0 22 12" aria-hidden="true">{svg.line(0, 6, 22, 6, "line " + kind)}</svg>'
    return f'<svg viewBox="0 0 22 12" aria-hidden="true">{svg.rect(4, 0, 14, 12, kind)}</svg>'


def empty(words: str) -> str:
    """What stands where a chart would."""
    return f'<p class="empty">{escape(words)}</p>'


def span_of(results: Results) -> tuple[int, int]:
    """[start, end) of the run; at least one slot."""
    slots = results.slots
    start = slots[0].time if slots else results.run.started
    return start, (slots[-1].time if slots else start) + results.run.slot_s
