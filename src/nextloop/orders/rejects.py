"""Rejected rows, with nothing in them that tells who the guest is."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from operator import itemgetter
from string import ascii_letters, digits
from typing import Any, Final

import pyarrow as pa

from nextloop.orders.contract import INTEGERS, PRIVATE, TIMES
from nextloop.orders.rows import Source
from nextloop.tables import REJECTED_ROWS
from nextloop.tables.order_file import NULLS

_MOST_CHARACTERS: Final = 2000
_MOST_VALUE_CHARACTERS: Final = 200
_MASK: Final = "***"
_HIDDEN: Final = frozenset((*PRIVATE, "customer_seq"))
_NUMERIC: Final = frozenset((*INTEGERS, *TIMES))
_NOT_OF_NUMBERS: Final = re.compile(r"[^0-9+.,\s-]|[0-9][-:][0-9]")
_NOT_OF_TIMES: Final = re.compile(r"[^0-9T:./\s+-]")
_LIKE_A_TIME: Final = re.compile(r"[0-9]+[-/.]")
_WHOLE: Final = re.compile(r"[0-9]{1,18}")
_JSON_BEGINS: Final = ("[", "{", '"')
_ASCII_SHAPE: Final = str.maketrans(
    ascii_letters + digits, "x" * len(ascii_letters) + "9" * len(digits)
)


def reject(
    line_number: int, reason: str, column: str | None, fields: Sequence[str], header: Sequence[str]
) -> dict[str, Any]:
    """Describe a rejected record whose fields are known: names and customer are masked.

    Where two fields or more cannot be what their columns hold, fields have slipped into each
    other's columns and a name may stand in any: then only the shape of all of them is shown.
    """
    texts = dict(zip(header, fields, strict=True))
    odd = {name for name, text in texts.items() if not _fits(name, text)}
    slipped = len(odd) > 1
    shown = {
        name: shape(text) if slipped or (name in odd and name in _NUMERIC) else text
        for name, text in texts.items()
    }
    hidden = [_MASK if name in _HIDDEN and text else text for name, text in shown.items()]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(hidden)
    value = shown.get(column or "")
    return {
        "line_number": line_number,
        "hotel_seq": None if slipped else _number(texts["hotel_seq"]),
        "order_seq": None if slipped else _number(texts["order_seq"]),
        "reason": reason,
        "column": column,
        "value": shape(value) if value and column in _HIDDEN else _short(value),
        "raw": line.getvalue()[:_MOST_CHARACTERS],
    }


def _fits(name: str, text: str) -> bool:
    """Tell whether a column may hold a text, going by its signs only."""
    if text in NULLS:
        return True
    if name in INTEGERS:
        return not _NOT_OF_NUMBERS.search(text)
    if name in TIMES:
        return bool(_LIKE_A_TIME.match(text)) and not _NOT_OF_TIMES.search(text)
    return name != "contents" or text.lstrip()[:1] in _JSON_BEGINS


def _number(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) else None


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
    if text.isascii():  # most broken lines are, and it takes a tenth of the time
        return text.translate(_ASCII_SHAPE)
    return re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "9", text))


def table(rejects: Iterable[dict[str, Any]], source: Source) -> pa.Table:
    """Return a file's rejects as rows of `tables.REJECTED_ROWS`, in the order of their lines."""
    rows = sorted(rejects, key=itemgetter("line_number"))
    same = vars(source)
    columns = [
        pa.repeat(pa.scalar(same[field.name], field.type), len(rows))
        if field.name in same
        else pa.array([row.get(field.name) for row in rows], field.type)
        for field in REJECTED_ROWS.schema
    ]
    return pa.Table.from_arrays(columns, schema=REJECTED_ROWS.schema)


def _short(value: str | None) -> str | None:
    return value if value is None else value[:_MOST_VALUE_CHARACTERS]
