"""The kinds of chart: stacked columns, lines, dots with intervals, bars.

In come names and numbers, out goes a chart as markup. Each mark has its numbers as a tooltip.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nextloop.jobs.report.drawing import (
    COLOURS,
    FONT,
    WIDTH,
    Series,
    bottom_labels,
    frame,
    left_axis,
    legend,
    number,
    text,
    text_width,
    ticks,
)
from nextloop.jobs.report.markup import Markup, join, tag

_TOP: Final = FONT
_PLOT: Final = 170.0
_ROW: Final = 34.0
_FOOT: Final = 28.0


def columns(
    name: str, title: str, description: str, labels: Sequence[str], series: Sequence[Series]
) -> Markup:
    """Stack series on each other, a column a category.

    Args:
        name: Unique on the page.
        title: What a screen reader says first.
        description: What it shows, in a sentence.
        labels: The categories.
        series: One value a category each, 0 or more, some above 0.

    Returns:
        Legend and chart.
    """
    sums = [sum(one.values[place] or 0 for one in series) for place in range(len(labels))]
    axis = ticks(max(sums))
    left, bottom = _left_of(axis), _TOP + _PLOT
    step, scale = (WIDTH - left) / len(labels), _PLOT / axis[-1]
    marks = []
    for place, label in enumerate(labels):
        y = bottom
        for colour, one in enumerate(series):
            value = one.values[place] or 0
            if not value:
                continue
            y -= value * scale
            said = f"{label}: {one.name} {number(value)}"
            marks.append(
                tag(
                    "rect", tag("title", said), x=left + step * (place + 0.1), y=y,
                    width=step * 0.8, height=value * scale, class_=f"s{colour % COLOURS}",
                )
            )  # fmt: skip
    grid = left_axis(axis, _TOP, bottom, left)
    below = bottom_labels(labels, left, step, bottom + FONT * 1.2)
    chart = frame(name, title, description, bottom + _FOOT, grid, *marks, below)
    return join(legend([one.name for one in series]), chart)


def lines(
    name: str, title: str, description: str, labels: Sequence[str], series: Sequence[Series]
) -> Markup:
    """Draw series over categories that stand in a sequence, as lines with dots.

    Args:
        name: Unique on the page.
        title: What a screen reader says first.
        description: What it shows, in a sentence.
        labels: The categories.
        series: One value a category each, 0 or more, None where there is none.

    Returns:
        Legend and chart.
    """
    axis = ticks(max(value or 0 for one in series for value in one.values))
    left, bottom = _left_of(axis), _TOP + _PLOT
    step = (WIDTH - left) / len(labels)
    marks = [left_axis(axis, _TOP, bottom, left)]
    for colour, one in enumerate(series):
        points = [
            (left + step * (place + 0.5), bottom - _PLOT * value / axis[-1], value, labels[place])
            for place, value in enumerate(one.values)
            if value is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, *_ in points)
        marks.append(tag("polyline", points=path, class_=f"line s{colour % COLOURS}"))
        marks += [
            tag(
                "circle", tag("title", f"{label}: {one.name} {number(value)}"),
                cx=x, cy=y, r=4, class_=f"s{colour % COLOURS}",
            )
            for x, y, value, label in points
        ]  # fmt: skip
    below = bottom_labels(labels, left, step, bottom + FONT * 1.2)
    chart = frame(name, title, description, bottom + _FOOT, *marks, below)
    return join(legend([one.name for one in series]), chart)


def intervals(
    name: str,
    title: str,
    description: str,
    rows: Sequence[tuple[str, float, float, float]],
) -> Markup:
    """Draw a dot and its interval for each row.

    Args:
        name: Unique on the page.
        title: What a screen reader says first.
        description: What it shows, in a sentence.
        rows: Label, value, low and high end; 0 or more.

    Returns:
        The chart.
    """
    axis = ticks(max(high for *_, high in rows))
    left = max(text_width(label) for label, *_ in rows) + FONT
    right, bottom = WIDTH - text_width("0.000") - 8, _TOP + _ROW * len(rows)
    scale = (right - left) / axis[-1]
    marks = []
    for value in axis:
        x = left + value * scale
        marks.append(tag("line", x1=x, x2=x, y1=_TOP, y2=bottom, class_="grid"))
        marks.append(text(x, bottom + FONT * 1.2, number(value), "middle"))
    for place, (label, value, low, high) in enumerate(rows):
        y = _TOP + _ROW * (place + 0.6)
        said = f"{label}: {value:.3f}, 95 % interval {low:.3f} to {high:.3f}"
        x, kind = left + value * scale, f"s{place % COLOURS}"
        marks += [
            text(left - 8, y, label, "end", "strong"),
            tag(
                "line", tag("title", said), x1=left + low * scale, x2=left + high * scale,
                y1=y, y2=y, class_=f"whisker {kind}",
            ),
            tag("circle", tag("title", said), cx=x, cy=y, r=4, class_=kind),
            text(left + high * scale + 7, y, f"{value:.3f}", kind="value"),
        ]  # fmt: skip
    return frame(name, title, description, bottom + _FOOT, *marks)


def bars(name: str, title: str, description: str, rows: Sequence[tuple[str, float, str]]) -> Markup:
    """Draw a bar with its label above and its number at the end for each row.

    Args:
        name: Unique on the page.
        title: What a screen reader says first.
        description: What it shows, in a sentence.
        rows: Label, value of 0 or more, and how the value is written.

    Returns:
        The chart.
    """
    left = max(text_width(label) for label, *_ in rows) + FONT
    room = WIDTH - left - max(text_width(shown) for *_, shown in rows) - FONT
    scale = room / max(value for _, value, _ in rows)
    row = _ROW * 0.7
    marks = []
    for place, (label, value, shown) in enumerate(rows):
        y, long = _TOP + row * place, max(value * scale, 1.0)
        marks += [
            text(left - 8, y + row * 0.4, label, "end", "strong"),
            tag(
                "rect", tag("title", f"{label}: {shown}"), x=left, y=y, width=long,
                height=row * 0.8, class_="s0",
            ),
            text(left + long + 6, y + row * 0.4, shown, kind="value"),
        ]  # fmt: skip
    return frame(name, title, description, _TOP + row * len(rows), *marks)


def _left_of(axis: Sequence[float]) -> float:
    return max(text_width(number(value)) for value in axis) + FONT
