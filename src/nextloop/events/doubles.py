"""Which of the events that came are new: an event counts once, however often it was sent.

In: rows in the order in which they are taken in, and where known events came from. Out: for each
row whether it is new, there already from this very line, or a double. The one that was taken in
first counts and stays, so that what was read once never changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

KEY: Final = ("hotel_seq", "event_id")
ORIGIN: Final = ("file_sha256", "line_number")

Key = tuple[int, str]
Origin = tuple[str, int]


@dataclass(frozen=True)
class Sorted:
    """Rows told apart.

    Attributes:
        new: Rows to be stored.
        accepted: Rows that count, by file_sha256: the new ones, and those that a run had stored
            that did not live to record it.
    """

    new: pa.Table
    accepted: Mapping[str, int]


def origins(rows: pa.Table) -> dict[Key, Origin]:
    """Return where each event of some rows came from."""
    columns = [rows[name].to_pylist() for name in (*KEY, *ORIGIN)]
    return {
        (hotel, event): (sha256, line) for hotel, event, sha256, line in zip(*columns, strict=True)
    }


def sort_out(rows: pa.Table, known: Mapping[Key, Origin]) -> Sorted:
    """Tell new events from doubles.

    Args:
        rows: Of `events`, in the order in which they are taken in.
        known: Where the stored events among them came from.
    """
    first: dict[Key, Origin] = {}
    new, accepted = [], dict.fromkeys(rows["file_sha256"].unique().to_pylist(), 0)
    columns = [rows[name].to_pylist() for name in (*KEY, *ORIGIN)]
    for hotel, event, sha256, line in zip(*columns, strict=True):
        key, origin = (hotel, event), (sha256, line)
        is_new = key not in known and first.setdefault(key, origin) == origin
        new.append(is_new)
        accepted[sha256] += is_new or known.get(key) == origin
    return Sorted(rows.filter(pa.array(new, pa.bool_())), accepted)
