"""A file that is read again: only its rows that were rejected can change.

In: what the file gives today, and the rows of it that were rejected. Out: the former less what was
taken in long ago.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from nextloop.orders.reader import Rows


def among(rows: Rows, rejected: pa.Table) -> Rows:
    """Return the rows that stand where rejected ones stood.

    Args:
        rows: Of the file as it is read now.
        rejected: Its rows in `tables.REJECTED_ROWS`.
    """
    lines = rejected["line_number"].combine_chunks()
    accepted, broken = _at(rows.accepted, lines), _at(rows.rejected, lines)
    return Rows(len(accepted) + len(broken), accepted, broken)


def equal(one: pa.Table, other: pa.Table) -> bool:
    """Tell whether two tables hold the same rejected rows, in whatever order."""
    by_line = [table.sort_by("line_number").combine_chunks() for table in (one, other)]
    return bool(by_line[0].equals(by_line[1].cast(by_line[0].schema)))


def _at(rows: pa.Table, lines: pa.Array) -> pa.Table:
    return rows.filter(pc.is_in(rows["line_number"], lines))
