"""Data files that no version of a table has: what killed and overtaken runs left behind."""

from __future__ import annotations

from typing import Any

from nextloop.storage.lake import Lake
from nextloop.storage.opening import find
from nextloop.tables import Table


def vacuum(lake: Lake, table: Table, hours: int, dry_run: bool) -> list[str]:
    """Remove files that no version of the table ever had.

    Args:
        lake: The lake.
        table: The table; every version of it stays readable.
        hours: Only files older than this, longer than any run takes.
        dry_run: Only tell.

    Returns:
        Their paths below the table's folder.
    """
    handle = find(lake, table, None)
    if handle is None:
        return []
    every = list(range(handle.version() + 1))
    settings: dict[str, Any] = {
        "enforce_retention_duration": False,
        "full": True,
        "keep_versions": every,
    }
    left = sorted(handle.vacuum(hours, dry_run=True, **settings))
    if left and not dry_run:
        handle.vacuum(hours, dry_run=False, **settings)
    return left
