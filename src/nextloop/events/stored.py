"""Which of the events that came are stored already: looked up by their ids, in any day.

In: rows that came, the table at a version. Out: where the stored ones came from. A caller who
sends again may do so whenever, so no day is left out; two columns of each data file are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from nextloop.events.doubles import KEY, ORIGIN, Key, Origin, origins
from nextloop.storage import delta
from nextloop.storage.lake import Lake
from nextloop.storage.slices import read_slice
from nextloop.tables import EVENTS

_LOOKED_AT_ROWS: Final = 2_000_000
"""Of stored events the ids are held at once: about 60 MB."""


def stored_among(lake: Lake, came: pa.Table, at: int) -> dict[Key, Origin]:
    """Find the stored events among those that came.

    Args:
        lake: The lake.
        came: Rows of `events`.
        at: Version of the table.

    Returns:
        Where each of them came from.
    """
    known: dict[Key, Origin] = {}
    if not came.num_rows:
        return known
    ids, hotels = pc.unique(came["event_id"]), pc.unique(came["hotel_seq"])
    low, high = (pc.min_max(ids)[name].as_py() for name in ("min", "max"))
    files = [
        add
        for add in delta.slices(lake, EVENTS, at)
        if add["min.event_id"] <= high and add["max.event_id"] >= low  # ids may grow with time
    ]
    for paths in _bunches(lake, files):
        stored = _read(paths, KEY)
        among = pc.and_(pc.is_in(stored["hotel_seq"], hotels), pc.is_in(stored["event_id"], ids))
        if pc.any(among).as_py():
            whole = _read(paths, [*KEY, *ORIGIN])
            known |= origins(whole.filter(among))
    return known


def _bunches(lake: Lake, files: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """Put data files together: the ids that came are hashed once a bunch, not once a file."""
    paths: list[str] = []
    rows = 0
    for add in files:
        if rows and rows + add["num_records"] > _LOOKED_AT_ROWS:
            yield paths
            paths, rows = [], 0
        paths.append(f"{lake.folder(EVENTS.name)}/{add['path']}")
        rows += add["num_records"]
    if paths:
        yield paths


def _read(paths: Sequence[str], columns: Sequence[str]) -> pa.Table:
    return pa.concat_tables([read_slice(path, columns) for path in paths])
