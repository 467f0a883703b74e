"""Hypothesis strategies of order rows: valid ones, and lines that are broken in some way."""

from __future__ import annotations

import datetime as dt
import json

from hypothesis import strategies as st
from tests.order_files import csv_line

from nextloop.tables.order_file import COLUMNS

_EPOCH = dt.datetime(2017, 1, 2)  # noqa: DTZ001 files hold local times
_TEXTS = st.text(
    st.sampled_from("abcXYZ 가나다,\"'\\/{}[]:;|\t0123456789é漢🍔"), max_size=12
)  # no line breaks: JSON escapes them, names are not read
_NUMBERS = st.integers(0, 10**6)
_NULLS = st.sampled_from(["", "\\N"])


def _times(first: int = 0, days: int = 20) -> st.SearchStrategy[str]:
    seconds = st.integers(first * 86_400, (first + days) * 86_400)
    return seconds.map(lambda after: str(_EPOCH + dt.timedelta(seconds=after)))


def _or_null(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return strategy | _NULLS


ITEMS = st.fixed_dictionaries(
    {
        "itemSeq": st.integers(1, 5),
        "count": st.integers(1, 9),
        "price": st.sampled_from([0, 500, 12_000]),
    },
    optional={
        "orderType": st.sampled_from(["ITEM", "REQUEST", ""]),
        "itemName": _TEXTS | st.none(),
        "departmentSeq": st.integers(1, 3) | st.none(),
        "waitingPeriod": st.integers(0, 90) | st.floats(0, 90, width=32) | st.none(),
        "delayPeriod": st.integers(-90, 90) | st.none(),
        "completePeriod": st.integers(0, 90) | st.none(),
        "freeCount": st.integers(0, 2),
        "couponSeq": st.integers(1, 9) | st.none(),
        "resultPrice": st.integers(0, 10**6) | st.none(),
    },
)
CONTENTS = st.lists(ITEMS, min_size=1, max_size=3).map(
    lambda items: json.dumps(items, ensure_ascii=False)
)


def rows(order_seqs: st.SearchStrategy[int] | None = None) -> st.SearchStrategy[dict[str, str]]:
    """Valid rows; few order numbers, so that orders come again."""
    counts = _or_null(st.integers(0, 9).map(str))
    numbers = _or_null(_NUMBERS.map(str))
    return st.fixed_dictionaries(
        {
            "order_seq": (order_seqs or st.integers(1, 6)).map(str),
            "hotel_seq": st.sampled_from(["10", "11"]),
            "room_seq": numbers,
            "customer_seq": numbers,
            "order_price": numbers,
            "status": st.sampled_from(["COMPLETE", "REFUSE", "cancel", "OPEN", "Odd, word", " OK"]),
            "contents": CONTENTS,
            "reg_date": _times(),
            "check_date": _or_null(_times()),
            "refuse_date": _or_null(_times()),
            "complete_date": _or_null(_times()),
            "room_building_seq": numbers,
            "room_floor_seq": numbers,
            "room_name": _or_null(_TEXTS),
            "customer_name": _or_null(_TEXTS),
            "visitor_cnt": counts,
            "visit_adult_cnt": counts,
            "visit_child_cnt": counts,
            "visit_baby_cnt": counts,
            "check_in": _or_null(_times()),
            "check_out": _or_null(_times()),
            "check_out_expected": _or_null(_times()),
        }
    )


@st.composite
def broken_lines(draw: st.DrawFn) -> bytes:
    """One line that is no valid row: cut, spliced, retyped or rubbish; it holds no line break."""
    whole = csv_line(draw(rows()))
    kind = draw(st.sampled_from(["cut", "quote", "cell", "field", "bytes", "rubbish"]))
    if kind == "cut":
        return whole[: draw(st.integers(1, whole.index(",") + 20))].encode()
    if kind == "quote":
        return ('"' + whole.replace('"', '""')).encode()
    if kind == "cell":
        column = draw(st.sampled_from(["order_seq", "hotel_seq", "reg_date", "contents"]))
        bad = draw(st.sampled_from(["", "\\N", "x", "1.5", "[]", "[{}]", "2017-02-30 00:00:00"]))
        return csv_line({**draw(rows()), column: bad}).encode()
    if kind == "field":
        return f"{whole},{'x' * draw(st.integers(0, 3))}".encode()
    if kind == "bytes":
        return whole.encode() + b"\xff"
    rubbish = draw(st.binary(min_size=1, max_size=40))
    return b"#" + rubbish.replace(b"\n", b" ").replace(b'"', b"'")


def reordered(values: dict[str, str], columns: tuple[str, ...]) -> str:
    """A row's line in another column order."""
    assert sorted(columns) == sorted(COLUMNS)
    return csv_line(values, columns)
