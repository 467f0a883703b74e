"""A file that is read again: only its rows that were rejected can change.

In: what the file gives today, and the rows of it that were rejected. Out: the former less what was
taken in long ago.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextloop.orders.reader import Rows


class Past:
    """The rows of a file that were rejected before.

    Attributes:
        rows: How many there were.
        changed: Whether any of those met so far has changed since.
    """

    def __init__(self, rejected: pa.Table) -> None:
        """Remember them.

        Args:
            rejected: All rows of the file in `tables.REJECTED_ROWS`.
        """
        self.rows, self.changed = len(rejected), False
        self._left = rejected.sort_by("line_number").combine_chunks()

    def among(self, rows: Rows) -> Rows:
        """Return the rows that stand where rejected ones stood.

        Args:
            rows: The next ones of the file as it is read now, in its order.
        """
        numbers = pa.chunked_array(
            [*rows.accepted["line_number"].chunks, *rows.rejected["line_number"].chunks], pa.int64()
        )
        past = self._up_to(pc.max(numbers).as_py() or 0)
        lines = past["line_number"].combine_chunks()
        accepted, broken = _at(rows.accepted, lines), _at(rows.rejected, lines)
        same = broken.combine_chunks().equals(past.cast(broken.schema).combine_chunks())
        self.changed |= not same
        return Rows(len(accepted) + len(broken), accepted, broken)

    def _up_to(self, line_number: int) -> pa.Table:
        lines = np.asarray(self._left["line_number"])
        count = int(np.searchsorted(lines, line_number, "right"))
        past, self._left = self._left[:count], self._left[count:]
        return past


def _at(rows: pa.Table, lines: pa.Array) -> pa.Table:
    return rows.filter(pc.is_in(rows["line_number"], lines))
