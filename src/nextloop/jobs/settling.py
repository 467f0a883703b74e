"""The tables as the ledger says: which versions belong together, and back to them.

The ledger's commit is the last of a run, so it tells which versions of the other tables belong
together. Whatever a table has beyond them was left by a run that did not finish, or belongs to one
that goes on: that one then fails at its next commit, because the table has moved (`Overtaken`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from nextloop.errors import DataFault
from nextloop.storage import delta
from nextloop.storage.lake import Lake
from nextloop.tables import LANDING_FILES, ORDER_LINES, ORDERS, REJECTED_ROWS, Table

FILLED: Final = (ORDERS, ORDER_LINES, REJECTED_ROWS)


@dataclass(frozen=True)
class State:
    """The ledger at one moment, and the tables as it says.

    Attributes:
        rows: Of `landing_files`, without their times.
        heads: Newest version of each filled table and of the ledger: what a run publishes upon.
        rewound: Tables from which an unfinished run was taken back.
    """

    rows: Sequence[dict[str, Any]]
    heads: dict[str, int]
    rewound: list[str]


def consistent_versions(lake: Lake) -> dict[str, int]:
    """Return the versions of `FILLED` that the last finished run left.

    Raises:
        DataFault: Nothing was taken in yet.
    """
    known = _read(lake)
    if not known:
        raise DataFault(
            f"The lake {lake.root} has no orders yet.",
            "Take some in: nextloop ingest --landing FOLDER",
        )
    return _versions(known)


def known_files(lake: Lake) -> list[dict[str, Any]]:
    """Return the ledger's rows without their times; none if nothing was taken in yet."""
    return _read(lake)


def settle(lake: Lake) -> State:
    """Make the tables what the ledger's newest commit says, and tell what there is.

    Every run does so first, takes an unfinished one back by it, and last: what a run that went on
    at the same time took back of it is given back.

    Raises:
        DataFault: A table, or the ledger, has lost what the others were made with.
    """
    rewound: set[str] = set()
    while True:
        at = delta.version(lake, LANDING_FILES)
        if at == delta.NO_VERSION:
            _check_untouched(lake)
            # There before any order: where orders are and the ledger is not, it was lost.
            at = delta.create(lake, LANDING_FILES)
        known = _read(lake, at)
        try:
            heads = {table.name: _rewound(lake, table, known, rewound) for table in FILLED}
        except delta.Overtaken:
            continue
        if delta.version(lake, LANDING_FILES) == at:
            taken_back = [table.name for table in FILLED if table.name in rewound]
            return State(known, heads | {LANDING_FILES.name: at}, taken_back)


@contextmanager
def settled_after(lake: Lake) -> Iterator[None]:
    """Leave the tables as the ledger says, whether this run was overtaken or overtook another."""
    try:
        yield
    except delta.Overtaken:
        settle(lake)
        raise
    settle(lake)


def _rewound(lake: Lake, table: Table, known: Sequence[dict[str, Any]], rewound: set[str]) -> int:
    """Rewind one table to what the ledger says; return its newest version."""
    present, recorded = delta.version(lake, table), _newest(known, table)
    if present < recorded:
        raise _lost(lake, table)
    if present == delta.NO_VERSION:
        return delta.create(lake, table)
    first = max(recorded, 0)
    if present == first or delta.holds_same(lake, table, first, present):
        return present
    rewound.add(table.name)
    return delta.rewind(lake, table, first, present)


def _check_untouched(lake: Lake) -> None:
    """Refuse to take orders for the rest of an unfinished run because their ledger is gone."""
    if any(delta.version(lake, table) > 0 for table in FILLED):
        raise _lost(lake, LANDING_FILES)


def _lost(lake: Lake, table: Table) -> DataFault:
    return DataFault(
        f"The lake {lake.root} has lost (part of) its table {table.name}.",
        "Restore the lake from a backup, or make a new one from the landing's files.",
    )


def _read(lake: Lake, at: int | None = None) -> list[dict[str, Any]]:
    if at is None and delta.version(lake, LANDING_FILES) == delta.NO_VERSION:
        return []
    # Times stay out of it: nothing here needs them.
    columns = [name for name in LANDING_FILES.schema.names if not name.endswith("_at")]
    found: list[dict[str, Any]] = delta.read(lake, LANDING_FILES, at, columns=columns).to_pylist()
    return found


def _versions(known: Sequence[dict[str, Any]]) -> dict[str, int]:
    return {table.name: _newest(known, table) for table in FILLED}


def _newest(known: Sequence[dict[str, Any]], table: Table) -> int:
    versions = [row[f"{table.name}_version"] for row in known]
    return max((version for version in versions if isinstance(version, int)), default=-1)
