r"""Typed columns from a file's texts, and what is wrong with the rows that cannot be typed.

In: a table of strings, one row a record, nulls where the file has `\\N` or nothing. Out: the
same rows with Arrow types, and for each bad row the first fault found. All of it is vectorised;
single values are looked at only in columns that hold a bad one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextloop.orders.contract import COUNTS, INTEGERS, REQUIRED, TIMES
from nextloop.orders.texts import text_bytes

_DIGITS: Final = b"0123456789-"
_TIME_BYTES: Final = b"0123456789-: "
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_TIME_LENGTH: Final = len("2017-12-25 00:00:00")
_MOST_DIGITS: Final = 18
_MOST_PEOPLE: Final = 10_000
_FIRST_YEAR, _END_YEAR = dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1)  # noqa: DTZ001


@dataclass
class Faults:
    """The first fault of each bad row of a block: row index to (reason code, column)."""

    found: dict[int, tuple[str, str | None]] = field(default_factory=dict)

    def add(self, rows: np.ndarray[Any, Any], reason: str, column: str | None) -> None:
        """Record a fault for rows (indices) that have none yet."""
        for row in rows.tolist():
            self.found.setdefault(row, (reason, column))


def typed(texts: pa.Table, faults: Faults) -> pa.Table:
    """Type every number and time of a block.

    Args:
        texts: Strings, one row a record.
        faults: Takes what is wrong.

    Returns:
        The same columns and rows; integers as int64, times as local timestamps in seconds, both
        null where the value is bad.
    """
    for name in REQUIRED:
        if texts[name].null_count:
            faults.add(_where(pc.is_null(texts[name])), "missing_value", name)
    blank = pc.equal(pc.utf8_trim_whitespace(texts["status"]), "")
    faults.add(_where(blank), "missing_value", "status")
    columns = {name: texts[name].combine_chunks() for name in texts.column_names}
    for name in INTEGERS:
        columns[name] = _convert(columns[name], _integers, _integer, pa.int64())
        _mark(faults, texts[name], columns[name], "not_an_integer", name)
        low, high = _range(name)
        columns[name] = _bounded(columns[name], low, high, name, faults)
    for name in TIMES:
        columns[name] = _convert(columns[name], _times, _time, pa.timestamp("s"))
        _mark(faults, texts[name], columns[name], "not_a_time", name)
        columns[name] = _bounded(columns[name], _FIRST_YEAR, _END_YEAR, name, faults)
    return pa.table(columns)


def _convert(
    texts: pa.StringArray,
    fast: Callable[[pa.StringArray], pa.Array | None],
    exact: Callable[[str], Any],
    kind: pa.DataType,
) -> pa.Array:
    """Convert all values at once; where one is bad, each distinct one by itself."""
    found = fast(texts)
    if found is not None:
        return found
    known = {text: exact(text) for text in pc.unique(texts.drop_null()).to_pylist()}
    return pa.array([known.get(text) for text in texts.to_pylist()], kind)


def _integers(texts: pa.StringArray) -> pa.Array | None:
    # Arrow also takes 0x1f for a number, so its answer counts only where all bytes are digits.
    if not _holds_only(texts, _DIGITS) or (pc.max(pc.binary_length(texts)).as_py() or 0) > 18:  # noqa: PLR2004
        return None
    try:
        return texts.cast(pa.int64())
    except pa.ArrowInvalid:
        return None


def _integer(text: str) -> int | None:
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS:
        return int(text)
    return None


def _times(texts: pa.StringArray) -> pa.Array | None:
    lengths = pc.min_max(pc.binary_length(texts)).as_py()
    if set(lengths.values()) - {_TIME_LENGTH, None} or not _holds_only(texts, _TIME_BYTES):
        return None
    try:
        return texts.cast(pa.timestamp("s"))
    except pa.ArrowInvalid:
        return None


def _time(text: str) -> dt.datetime | None:
    # By itself strptime takes one digit for two, any white space and the digits of any script.
    if not _TIME.fullmatch(text):
        return None
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 local to the hotel
    except ValueError:
        return None


def _holds_only(texts: pa.StringArray, allowed: bytes) -> bool:
    used = np.frombuffer(text_bytes(texts), np.uint8)
    return bool(_allowed(allowed)[used].all())


def _allowed(allowed: bytes) -> np.ndarray[Any, np.dtype[np.bool_]]:
    table = np.zeros(256, np.bool_)
    table[list(allowed)] = True
    return table


def _range(name: str) -> tuple[int, int]:
    if name in COUNTS:
        return 0, _MOST_PEOPLE
    return 0, 10**_MOST_DIGITS


def _bounded(values: pa.Array, low: Any, high: Any, name: str, faults: Faults) -> pa.Array:
    """Null the values outside [low, high)."""
    found = pc.min_max(values).as_py()
    if found["min"] is None or (found["min"] >= low and found["max"] < high):
        return values
    limits = [pa.scalar(limit, values.type) for limit in (low, high)]
    bad = pc.or_(pc.less(values, limits[0]), pc.greater_equal(values, limits[1]))
    faults.add(_where(bad), "out_of_range", name)
    return pc.if_else(bad, pa.scalar(None, values.type), values)


def _mark(faults: Faults, texts: pa.ChunkedArray, values: pa.Array, reason: str, name: str) -> None:
    if values.null_count > texts.null_count:
        faults.add(_where(pc.and_(pc.is_valid(texts), pc.is_null(values))), reason, name)


def _where(mask: pa.Array | pa.ChunkedArray) -> np.ndarray[Any, Any]:
    return np.flatnonzero(np.asarray(pc.fill_null(mask, False)))  # noqa: FBT003
