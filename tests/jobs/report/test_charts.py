"""Charts: every number has its mark, in the right proportion, inside of the frame."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextloop.jobs.report import charts
from nextloop.jobs.report.drawing import WIDTH, Series, number, text_width, ticks

AMOUNTS = st.floats(min_value=1e-6, max_value=1e12)


def _drawn(chart: str) -> ET.Element:
    """Read a chart, without its legend."""
    found = ET.fromstring(f"<figure>{chart}</figure>").find("svg")  # noqa: S314 our own
    assert found is not None
    return found


def _all(chart: str, name: str) -> list[ET.Element]:
    return list(_drawn(chart).iter(name))


def _place(mark: ET.Element, *names: str) -> list[float]:
    return [float(mark.get(name, "nan")) for name in names]


def test_columns_stack_in_proportion():
    """Three and one stand on each other, three times and once as high; nothing is drawn for 0."""
    series = [Series("beer", [3, 0]), Series("tea", [1, 2])]
    chart = charts.columns("c", "Orders", "By hour.", ["8", "9"], series)
    beer, tea, later = _all(chart, "rect")
    (y, height), (y_tea, height_tea) = _place(beer, "y", "height"), _place(tea, "y", "height")
    assert height == pytest.approx(3 * height_tea, rel=0.01)
    assert y_tea + height_tea == pytest.approx(y, abs=0.02)
    assert later.findtext("title") == "9: tea 2"


def test_chart_names_itself():
    """A screen reader is told title and description."""
    chart = _drawn(charts.bars("b", "Seconds", "In all 3 s.", [("train", 3.0, "3 s")]))
    assert chart.get("role") == "img"
    assert chart.get("aria-labelledby") == "b-title b-desc"
    assert (chart.findtext("title"), chart.findtext("desc")) == ("Seconds", "In all 3 s.")


def test_legend_names_series_unless_there_is_one():
    """Two series need a key to their colours, one does not."""
    two = charts.lines("l", "t", "d", ["a", "b"], [Series("x", [1, 2]), Series("y", [2, 1])])
    one = charts.lines("l", "t", "d", ["a", "b"], [Series("x", [1, 2])])
    assert two.startswith('<ul class="legend">')
    assert not one.startswith("<ul")


def test_line_leaves_out_what_is_missing():
    """None gets neither a dot nor a corner of the line."""
    chart = charts.lines("l", "t", "d", ["a", "b", "c"], [Series("x", [0.2, None, 0.4])])
    assert [mark.findtext("title") for mark in _all(chart, "circle")] == ["a: x 0.2", "c: x 0.4"]
    assert len(_all(chart, "polyline")[0].get("points", "").split()) == 2


def test_interval_spans_its_dot():
    """The whisker runs from the low to the high end, with the dot between them."""
    chart = charts.intervals("i", "t", "d", [("ranker", 0.4, 0.3, 0.5), ("other", 0.1, 0.1, 0.1)])
    whisker = next(mark for mark in _all(chart, "line") if "whisker" in mark.get("class", ""))
    low, high = _place(whisker, "x1", "x2")
    dot = _place(_all(chart, "circle")[0], "cx")[0]
    assert dot == pytest.approx((low + high) / 2, abs=0.02)


@pytest.mark.parametrize("count", [1, 2, 24, 52])
def test_labels_stay_inside_and_apart(count):
    """However many categories there are, their labels neither leave the chart nor meet."""
    labels = [f"{place:02}-30" for place in range(count)]
    chart = charts.columns("c", "t", "d", labels, [Series("x", [1000] * count)])
    spans = []
    for words in _all(chart, "text"):
        if words.text in labels:
            middle, half = _place(words, "x")[0], text_width(words.text) / 2
            spans.append((middle - half, middle + half))
    assert spans[0][0] >= 0
    assert spans[-1][1] <= WIDTH
    assert all(one[1] < other[0] for one, other in pairwise(spans))


@given(AMOUNTS)
def test_axis_reaches_the_highest_value_in_few_round_steps(highest):
    """The last tick is not below the value, nor more than a step above it."""
    axis = ticks(highest)
    assert axis[0] == 0
    assert 2 <= len(axis) <= 7
    assert axis[-1] >= highest * 0.99
    assert axis[-2] <= highest * 1.01


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=30))
def test_no_column_leaves_the_chart(pairs):
    """Whatever the numbers, every column stands between the top and the bottom line."""
    series = [Series(name, [pair[place] for pair in pairs]) for place, name in enumerate("ab")]
    chart = charts.columns("c", "t", "d", [str(n) for n in range(len(pairs))], series)
    lines = [_place(mark, "y1")[0] for mark in _all(chart, "line")]
    for mark in _all(chart, "rect"):
        y, height, x, width = _place(mark, "y", "height", "x", "width")
        assert y >= min(lines) - 2
        assert y + height <= max(lines) + 0.1
        assert x >= 0
        assert x + width <= WIDTH


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (12_345, "12,345"), (0.25, "0.25"), (0.1234, "0.123"), (2.5, "2.5")],
)
def test_numbers_are_written_as_people_read_them(value, written):
    """Thousands are set apart, shares keep three decimals."""
    assert number(value) == written
