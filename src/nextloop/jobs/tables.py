"""What `nextloop tables` tells: read only, of any table that `nextloop.tables` describes."""

from __future__ import annotations

import datetime as dt
import difflib
from typing import Any

from nextloop.errors import DataFault, UsageFault
from nextloop.settings import Settings
from nextloop.storage import delta, leftovers
from nextloop.storage.lake import open_lake, writing
from nextloop.tables import TABLES, Table


def overview(settings: Settings) -> list[dict[str, Any]]:
    """Describe every table in a line: one row a table, in the order of the chain."""
    lake = open_lake(settings.lake)
    found = []
    for table in TABLES.values():
        version = delta.version(lake, table)
        files = delta.slices(lake, table, version)
        found.append(
            {
                "table": table.name,
                "grain": table.grain,
                "rows": sum(file["num_records"] for file in files),
                "files": len(files),
                "bytes": sum(file["size_bytes"] for file in files),
                "version": None if version == delta.NO_VERSION else version,
            }
        )
    return found


def describe(
    settings: Settings, name: str, version: int | None = None, sample_rows: int = 5
) -> dict[str, Any]:
    """Describe one table: its columns, what is in it, and its first rows.

    Raises:
        UsageFault: There is no table of that name.
        DataFault: It has no rows yet, or no such version.
    """
    table, lake = table_of(name), open_lake(settings.lake)
    present = delta.version(lake, table)
    if present == delta.NO_VERSION:
        raise DataFault(
            f"There is no table {name} in {lake.root} yet.",
            "Fill the lake with nextloop ingest, then nextloop features, then nextloop train.",
        )
    at = present if version is None else version
    files = delta.slices(lake, table, at)
    return {
        "name": table.name,
        "grain": table.grain,
        "key": list(table.key),
        "rows": sum(file["num_records"] for file in files),
        "version": at,
        "bytes": sum(file["size_bytes"] for file in files),
        "folder": str(lake.folder(table.name)),
        "columns": [
            {
                "column": column.name,
                "type": str(column.type),
                "null": "yes" if column.nullable else "no",
                "meaning": column.text,
            }
            for column in table.columns
        ],
        "sample": delta.head(lake, table, at, sample_rows),
    }


def versions(settings: Settings, name: str) -> list[dict[str, Any]]:
    """List a table's versions, newest first."""
    table, lake = table_of(name), open_lake(settings.lake)
    return [
        {
            "version": commit["version"],
            "at": dt.datetime.fromtimestamp(commit["timestamp"] / 1000, dt.UTC).isoformat(
                sep=" ", timespec="seconds"
            ),
            "operation": commit["operation"],
            "run": commit.get("run_id"),
            "as_of": commit.get("as_of"),
        }
        for commit in delta.history(lake, table)
    ]


def vacuum(settings: Settings, hours: int, dry_run: bool) -> list[dict[str, Any]]:
    """Remove the data files that unfinished runs left; return one row a table that had some.

    Args:
        settings: Where the lake is.
        hours: Only files older than this.
        dry_run: Only tell.

    Raises:
        SystemFault: Another run is writing.
    """
    lake = open_lake(settings.lake)
    with writing(lake):
        found = {
            name: leftovers.vacuum(lake, table, hours, dry_run) for name, table in TABLES.items()
        }
    return [
        {"table": name, "files": len(files), "first": files[0]}
        for name, files in found.items()
        if files
    ]


def table_of(name: str) -> Table:
    """Find a table by name.

    Raises:
        UsageFault: There is none of that name.
    """
    if name in TABLES:
        return TABLES[name]
    near = difflib.get_close_matches(name, TABLES, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Use one of: {', '.join(TABLES)}."
    raise UsageFault(f"There is no table {name!r}.", hint)
