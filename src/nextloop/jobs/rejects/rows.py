"""Rejected rows as the last finished run left them, and which of them were mended since.

In: a lake. Out: rows with their state. A row is mended when a later content of its file was taken
in, or a later run brought the order that it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from nextloop.jobs.settling import consistent_versions
from nextloop.storage import delta
from nextloop.storage.lake import Lake
from nextloop.storage.slices import read_slice
from nextloop.tables import LANDING_FILES, ORDERS, REJECTED_ROWS

OPEN: Final = "open"
MENDED: Final = "mended"
_KEY: Final = ("hotel_seq", "order_seq")
_FILE: Final = ("file_name", "file_revision")

File = tuple[str, int]


def ledger_rows(lake: Lake) -> list[dict[str, Any]]:
    """Return the ledger, a row a file's content."""
    found: list[dict[str, Any]] = delta.read(lake, LANDING_FILES).to_pylist()
    return found


def newest_revisions(ledger: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the newest content of each file name that was taken in."""
    found: dict[str, int] = {}
    for row in ledger:
        if row["outcome"] == "ingested":
            name = row["file_name"]
            found[name] = max(found.get(name, 0), row["file_revision"])
    return found


def rejected_rows(lake: Lake, columns: Sequence[str] | None = None) -> pa.Table:
    """Return rejected rows with their state.

    Args:
        lake: The lake.
        columns: Beside the file, the line and the order; all if None.

    Returns:
        One row a rejected row, by file and line, with a column `state`.

    Raises:
        DataFault: Nothing was taken in yet.
    """
    versions = consistent_versions(lake)
    place = (*_FILE, "line_number")
    wanted = None if columns is None else list(dict.fromkeys((*place, *_KEY, *columns)))
    rows = delta.read(lake, REJECTED_ROWS, versions[REJECTED_ROWS.name], columns=wanted)
    rows = rows.sort_by([(name, "ascending") for name in place])
    mended = _Mended(ledger_rows(lake), _orders(lake, versions[ORDERS.name], rows))
    told = rows.select([*_FILE, *_KEY]).to_pylist()
    states = [MENDED if mended.is_mended(row) else OPEN for row in told]
    return rows.append_column("state", pa.array(states, pa.string()))


class _Mended:
    """Tells whether something that came later says what a rejected row was to say."""

    def __init__(self, ledger: list[dict[str, Any]], orders: dict[tuple[int, int], File]) -> None:
        self._orders, self._newest = orders, newest_revisions(ledger)
        self._taken = {
            (row["file_name"], row["file_revision"]): (row["run_id"], row["recorded_at"])
            for row in ledger
            if row["outcome"] == "ingested"
        }

    def is_mended(self, row: Mapping[str, Any]) -> bool:
        """Look for a later content of the row's file, then for the order that it names."""
        file = (row["file_name"], row["file_revision"])
        if self._newest[row["file_name"]] > row["file_revision"]:
            return True
        source = self._orders.get((row["hotel_seq"], row["order_seq"]))
        if source is None:
            return False
        (run, at), (later_run, later) = self._taken[file], self._taken[source]
        # Files of one run have no order in time: an earlier state of the order is no correction.
        return bool(later_run != run and later > at)


def _orders(lake: Lake, version: int, rows: pa.Table) -> dict[tuple[int, int], File]:
    """Find the orders that the rejected rows name: which file's row counts for each.

    Opens only the weeks whose order numbers reach to theirs.
    """
    numbers = pc.unique(rows["order_seq"].drop_null())
    keys = set(zip(*(rows[name].to_pylist() for name in _KEY), strict=True))
    if not len(numbers):
        return {}
    bounds = pc.min_max(numbers).as_py()
    found: dict[tuple[int, int], File] = {}
    for add in delta.slices(lake, ORDERS, version):
        if add["min.order_seq"] > bounds["max"] or add["max.order_seq"] < bounds["min"]:
            continue
        week = read_slice(f"{lake.folder(ORDERS.name)}/{add['path']}", [*_KEY, *_FILE])
        for row in week.filter(pc.is_in(week["order_seq"], numbers)).to_pylist():
            key = (row["hotel_seq"], row["order_seq"])
            if key in keys:
                found[key] = (row["file_name"], row["file_revision"])
    return found
