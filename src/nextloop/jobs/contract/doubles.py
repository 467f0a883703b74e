"""Orders that stand in the checked files more than once, found within bounded memory.

In: accepted rows, block by block. Out: the orders of more than one row, with their places. What
does not fit in memory lies on disk, spread so that all rows of an order lie in one part.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

ROWS_IN_MEMORY: Final = 1_000_000
"""At 28 bytes each, and as much again while they are sorted: little beside what reading takes."""
_PARTS: Final = 64
_ROW: Final = np.dtype([("hotel", "i8"), ("order", "i8"), ("file", "i4"), ("line", "i8")])
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, Fibonacci hashing
_PART_SHIFT: Final = np.uint64(58)  # leaves the 6 highest bits: 64 parts

Rows = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Doubled:
    """One order of more than one row, and where its first rows stand: (file, line) each."""

    hotel_seq: int
    order_seq: int
    rows: int
    places: list[tuple[str, int]]


class Doubles:
    """Takes the rows of all files, and tells which orders came more than once."""

    def __init__(self, scratch: Path, rows_in_memory: int = ROWS_IN_MEMORY) -> None:
        self._scratch, self._most = scratch, rows_in_memory
        self._names: list[str] = []
        self._held: list[Rows] = []
        self._count = 0
        self._spilled = False

    def add(self, name: str, accepted: pa.Table) -> None:
        """Take a block's accepted rows of the file of that name."""
        if name not in self._names[-1:]:
            self._names.append(name)
        rows = np.empty(len(accepted), _ROW)
        rows["hotel"], rows["order"] = accepted["hotel_seq"], accepted["order_seq"]
        rows["line"], rows["file"] = accepted["line_number"], len(self._names) - 1
        self._held.append(rows)
        self._count += len(rows)
        if self._count > self._most:
            self._spill()

    def found(self, limit: int, places: int = 5) -> tuple[int, list[Doubled]]:
        """Count the orders of more than one row, and describe the first of them.

        Args:
            limit: How many to describe.
            places: How many places of each to tell.
        """
        total = 0
        first: list[tuple[tuple[int, int], Rows]] = []
        for part in self._parts():
            groups = _groups(part)
            total += len(groups)
            begins = ((int(g[0]["file"]), int(g[0]["line"])) for g in groups)
            keyed = zip(begins, groups, strict=True)
            first = heapq.nsmallest(limit, [*first, *keyed], key=lambda pair: pair[0])
        return total, [self._described(rows, places) for _, rows in first]

    def _described(self, rows: Rows, places: int) -> Doubled:
        where = [(self._names[row["file"]], int(row["line"])) for row in rows[:places]]
        return Doubled(int(rows[0]["hotel"]), int(rows[0]["order"]), len(rows), where)

    def _parts(self) -> Iterator[Rows]:
        if not self._spilled:
            yield np.concatenate([np.empty(0, _ROW), *self._held])
            return
        self._spill()
        for path in sorted(self._scratch.glob("*.rows")):
            yield np.fromfile(path, _ROW)

    def _spill(self) -> None:
        rows = np.concatenate([np.empty(0, _ROW), *self._held])
        mixed = rows["hotel"].astype(np.uint64) * _SPREAD + rows["order"].astype(np.uint64)
        parts = (mixed * _SPREAD) >> _PART_SHIFT
        for part in range(_PARTS):
            with (self._scratch / f"{part}.rows").open("ab") as file:
                rows[parts == part].tofile(file)
        self._held, self._count, self._spilled = [], 0, True


def _groups(rows: Rows) -> list[Rows]:
    """Return the rows of each order that has more than one, in the order of their places."""
    if not len(rows):
        return []
    rows = rows[np.lexsort([rows[name] for name in ("line", "file", "order", "hotel")])]
    changes = (np.diff(rows["hotel"]) != 0) | (np.diff(rows["order"]) != 0)
    starts = np.flatnonzero(np.concatenate([[True], changes]))
    sizes = np.diff(np.append(starts, len(rows)))
    many = sizes > 1
    pairs = zip(starts[many].tolist(), sizes[many].tolist(), strict=True)
    return [rows[start : start + size] for start, size in pairs]
