"""A landing file's first line: is it an order file, and in which order are its columns?"""

from __future__ import annotations

import codecs
import csv
import difflib
from collections import Counter
from typing import Final

from nextloop.orders.refusals import FileFault
from nextloop.tables.order_file import COLUMNS

_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SEPARATORS: Final = ";\t|"
_MOST_NAMES: Final = 5
_MOST_NAME_CHARACTERS: Final = 40


def read_header(line: bytes) -> tuple[str, ...]:
    """Return the column names in the file's order.

    Args:
        line: The first line, with or without its end and a UTF-8 byte order mark.

    Raises:
        FileFault: The labels are not exactly the contract's, in whatever order.
    """
    if line.startswith(_UTF16):
        raise FileFault("utf16")
    try:
        text = line.removeprefix(codecs.BOM_UTF8).decode("utf-8").strip("\r\n")
    except UnicodeDecodeError:
        raise FileFault("header_not_text") from None
    if not text.strip():
        raise FileFault("header_missing")
    if "\0" in text:
        raise FileFault("header_not_text")
    try:
        labels = tuple(label.strip() for label in next(csv.reader([text], strict=True)))
    except csv.Error:
        raise FileFault("line_ends" if "\r" in text else "header_not_csv") from None
    _check_labels(labels, text)
    return labels


def _check_labels(labels: tuple[str, ...], text: str) -> None:
    if len(labels) == 1 and any(mark in text for mark in _SEPARATORS):
        raise FileFault("separator", mark=repr(max(_SEPARATORS, key=text.count)))
    # Fewer known labels are another table's, or a first row, whose guest must not be named here.
    known = sum(label.lower() in COLUMNS for label in labels)
    if known * 2 < len(COLUMNS):
        raise FileFault("header_unknown", known=known, columns=len(COLUMNS))
    twice = [label for label, count in Counter(labels).items() if count > 1]
    if twice:
        raise FileFault("column_twice", name=repr(twice[0][:_MOST_NAME_CHARACTERS]))
    missing = [name for name in COLUMNS if name not in labels]
    unknown = [label for label in labels if label not in COLUMNS]
    told = {"missing": _list(missing), "unknown": _list([_near(each, missing) for each in unknown])}
    if missing and unknown:
        raise FileFault("columns_differ", **told)
    if missing:
        raise FileFault("columns_missing", missing=told["missing"])
    if unknown:
        raise FileFault("columns_unknown", unknown=told["unknown"])


def _near(label: str, missing: list[str]) -> str:
    """Show an unknown label with the missing column that it may stand for."""
    near = difflib.get_close_matches(label.lower(), missing, n=1)
    return repr(label[:_MOST_NAME_CHARACTERS]) + (f" ({near[0]}?)" if near else "")


def _list(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" (+{more})" if more > 0 else "")
