"""Rows broken on purpose, for demos of what the reader does with them.

In come the lines of a file, out come the same with some damaged, and which ones and how.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import numpy as np

from nextloop.tables.order_file import COLUMNS


def damage(lines: list[str], share: float, rng: np.random.Generator) -> list[tuple[int, str]]:
    """Damage some lines in place; each stays one line, so that line numbers hold.

    Args:
        lines: Lines of CSV with their ends; changed.
        share: Share of lines to damage, 0-1.
        rng: Where the lots come from.

    Returns:
        Place in `lines` and kind of each damage, by place.
    """
    if share == 0:
        return []
    names = list(KINDS)
    hit = np.flatnonzero(rng.random(len(lines)) < share).tolist()
    kinds = [names[pick] for pick in rng.integers(0, len(names), len(hit)).tolist()]
    for place, kind in zip(hit, kinds, strict=True):
        fields = next(csv.reader([lines[place]]))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(KINDS[kind](fields))
        lines[place] = text.getvalue()
    return list(zip(hit, kinds, strict=True))


def _with(column: str, change: Callable[[str], str]) -> Callable[[list[str]], list[str]]:
    place = COLUMNS.index(column)
    return lambda row: [*row[:place], change(row[place]), *row[place + 1 :]]


KINDS: dict[str, Callable[[list[str]], list[str]]] = {
    "too_few_columns": lambda row: row[:-1],
    "too_many_columns": lambda row: [*row, "surplus"],
    "bad_json": _with("contents", lambda text: text[: len(text) // 2]),
    "bad_date": _with("reg_date", lambda text: text[:5] + "02-31" + text[10:]),
    "no_order_seq": _with("order_seq", lambda _: ""),
    "bad_number": _with("hotel_seq", lambda text: f"H{text}"),
    "no_status": _with("status", lambda _: r"\N"),
}
"""The kinds of damage by name."""
