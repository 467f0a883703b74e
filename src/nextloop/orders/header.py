"""A landing file's first line: is it an order file, and in which order are its columns?"""

from __future__ import annotations

import codecs
import csv
import difflib
from collections import Counter

from nextloop.errors import DataFault
from nextloop.tables.order_file import COLUMNS

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_header(line: bytes) -> tuple[str, ...]:
    """Return the column names in the file's order.

    Args:
        line: The first line, with or without its end and a UTF-8 byte order mark.

    Raises:
        DataFault: The labels are not exactly the contract's, in whatever order.
    """
    if line.startswith(_UTF16):
        raise _refused("it is UTF-16", "Save it as UTF-8.")
    try:
        text = line.removeprefix(codecs.BOM_UTF8).decode("utf-8").strip("\r\n")
    except UnicodeDecodeError:
        raise _refused("its header is not text", "Export it as CSV in UTF-8.") from None
    if not text.strip():
        raise _refused("it has no header", "Export it again with the header line.")
    if "\0" in text:
        raise _refused("its header is not text", "Export it as CSV in UTF-8.")
    try:
        labels = tuple(label.strip() for label in next(csv.reader([text], strict=True)))
    except csv.Error:
        raise _refused("its header is not CSV", "Export it again as CSV in UTF-8.") from None
    _check_labels(labels, text)
    return labels


def _check_labels(labels: tuple[str, ...], text: str) -> None:
    if len(labels) == 1 and any(mark in text for mark in ";\t|"):
        mark = max(";\t|", key=text.count)
        raise _refused(f"its columns are separated by {mark!r}", "Export it with commas.")
    # Fewer known labels are another table's, or a first row, whose guest must not be named here.
    known = sum(label.lower() in COLUMNS for label in labels)
    if known * 2 < len(COLUMNS):
        raise _refused(
            f"its first line is no header: {known} of the contract's {len(COLUMNS)} columns are "
            "in it",
            "Export it with the header line.",
        )
    twice = [label for label, count in Counter(labels).items() if count > 1]
    if twice:
        raise _refused(f"column {twice[0]!r} is there twice", "Export it again.")
    missing = [name for name in COLUMNS if name not in labels]
    unknown = [label for label in labels if label not in COLUMNS]
    if missing or unknown:
        raise _refused(_difference(missing, unknown), "Export it with the contract's 22 columns.")


def _difference(missing: list[str], unknown: list[str]) -> str:
    parts = []
    if missing:
        parts.append(f"column {', '.join(missing[:5])} is missing" + _more(missing))
    for label in unknown[:3]:
        near = difflib.get_close_matches(label, missing, n=1)
        parts.append(f"column {label[:40]!r} is unknown" + (f" ({near[0]}?)" if near else ""))
    return "; ".join(parts)


def _more(names: list[str]) -> str:
    return f" and {len(names) - 5} more" if len(names) > 5 else ""  # noqa: PLR2004


def _refused(what: str, mend: str) -> DataFault:
    return DataFault(what, mend)
