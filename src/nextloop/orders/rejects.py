"""Rejected rows, with nothing in them that tells who the guest is."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa

from nextloop.orders.contract import PRIVATE
from nextloop.orders.rows import Source
from nextloop.tables import REJECTED_ROWS

_MOST_CHARACTERS: Final = 2000
_MOST_VALUE_CHARACTERS: Final = 200
_MASK: Final = "***"
_HIDDEN: Final = frozenset((*PRIVATE, "customer_seq"))


def reject(
    line_number: int, reason: str, column: str | None, fields: Sequence[str], header: Sequence[str]
) -> dict[str, Any]:
    """Describe a rejected record whose fields are known: names and customer are masked."""
    texts = dict(zip(header, fields, strict=True))
    value = texts.get(column or "")
    hidden = [_MASK if name in _HIDDEN and text else text for name, text in texts.items()]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(hidden)
    return {
        "line_number": line_number,
        "reason": reason,
        "column": column,
        "value": shape(value) if value and column in _HIDDEN else _short(value),
        "raw": line.getvalue()[:_MOST_CHARACTERS],
    }


def reject_shape(line_number: int, reason: str, raw: bytes) -> dict[str, Any]:
    """Describe a line whose fields cannot be told apart, by the shape of its text only.

    A name may stand anywhere in it, so letters become `x` and digits `9`; what broke the line
    (quotes, commas, other signs) stays.
    """
    text = raw[: _MOST_CHARACTERS * 4].decode("utf-8", errors="replace")
    return {
        "line_number": line_number,
        "reason": reason,
        "column": None,
        "value": None,
        "raw": shape(text)[:_MOST_CHARACTERS],
    }


def shape(text: str) -> str:
    """Return the text with every letter as `x` and every digit as `9`."""
    return re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "9", text))


def table(rejects: Iterable[dict[str, Any]], source: Source) -> pa.Table:
    """Return rejects as rows of `tables.REJECTED_ROWS`."""
    rows = [{**vars(source), **row} for row in rejects]
    return pa.Table.from_pylist(rows, REJECTED_ROWS.schema)


def _short(value: str | None) -> str | None:
    return value if value is None else value[:_MOST_VALUE_CHARACTERS]
