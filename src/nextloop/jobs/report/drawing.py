"""What every chart is drawn with: the frame, texts, grid lines and round numbers on axes.

Charts are inline SVG of one width, made for a phone's; a wider screen shows them side by side.
Colours and fonts come from the page's style, so a chart follows light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nextloop.jobs.report.markup import Markup, join, spoken, tag

WIDTH: Final = 420.0
FONT: Final = 13.0
COLOURS: Final = 6
"""Series that the style has colours for."""
_LATIN, _HANGUL = 0.58, 1.0  # widths of a letter, in font sizes, on the wide side
_FIRST_HANGUL: Final = "ᄀ"


@dataclass(frozen=True)
class Series:
    """One quantity over the categories of a chart; None where there is none."""

    name: str
    values: Sequence[float | None]


def frame(name: str, title: str, description: str, height: float, *marks: str) -> Markup:
    """Make a chart of its marks.

    Args:
        name: Unique on the page.
        title: What a screen reader says first.
        description: What the chart shows, in a sentence.
        height: In the units of `WIDTH`.
        marks: What is drawn.

    Returns:
        The SVG element.
    """
    return tag(
        "svg",
        tag("title", title, id=f"{name}-title"),
        tag("desc", description, id=f"{name}-desc"),
        *marks,
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        role="img",
        id=name,
        aria_labelledby=f"{name}-title {name}-desc",
    )


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> Markup:
    """Write words; `y` is their middle, `anchor` start, middle or end."""
    return tag("text", words, x=x, y=y + FONT * 0.35, text_anchor=anchor, class_=kind or None)


def text_width(words: str) -> float:
    """Estimate how wide words are, rather too wide than too narrow."""
    return FONT * sum(_HANGUL if letter >= _FIRST_HANGUL else _LATIN for letter in words)


def ticks(highest: float, most: int = 5) -> list[float]:
    """Choose round numbers from 0 up to at least the highest value.

    Args:
        highest: Above 0.
        most: Steps at most.

    Returns:
        0 and the ends of the steps: 1, 2 or 5 times a power of ten.
    """
    rough = highest / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(round_one for round_one in (1, 2, 5, 10) if round_one * power >= rough * 0.999)
    count = math.ceil(highest / (step * power) * 0.999)
    return [round(place * step * power, 10) for place in range(count + 1)]


def number(value: float) -> str:
    """Write a number as people read it."""
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:.3f}".rstrip("0") if abs(value) < 1 else f"{value:,.1f}"


def legend(names: Sequence[str]) -> Markup:
    """List the series with their colours; nothing for one series, whose title says it."""
    if len(names) < 2:  # noqa: PLR2004 one series needs no key
        return Markup()
    entries = (
        tag("li", tag("span", class_=f"key s{place % COLOURS}"), spoken(name))
        for place, name in enumerate(names)
    )
    return tag("ul", join(*entries), class_="legend")


def left_axis(values: Sequence[float], top: float, bottom: float, left: float) -> Markup:
    """Draw grid lines with their numbers to the left; the last value is at the top."""
    marks = []
    for value in values:
        y = bottom - (bottom - top) * value / values[-1]
        marks.append(tag("line", x1=left, x2=WIDTH, y1=y, y2=y, class_="grid"))
        marks.append(text(left - 6, y, number(value), "end"))
    return join(*marks)


def bottom_labels(labels: Sequence[str], left: float, step: float, y: float) -> Markup:
    """Write as many of the categories' labels as fit, each under its own."""
    widest = max(text_width(label) for label in labels) + FONT * 0.9
    every = max(1, math.ceil(widest / step))
    marks = []
    for place in range(0, len(labels), every):
        half, middle = text_width(labels[place]) / 2, left + step * (place + 0.5)
        marks.append(text(min(middle, WIDTH - half), y, labels[place], "middle"))
    return join(*marks)
