"""Delta tables on the lake: publish a run's files in one commit, read any version.

In: data files that the engine wrote (`slices`). Out: table versions. Readers see all of a commit
or nothing of it; a commit that raced with another fails instead of mixing with it.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from nextloop.errors import SystemFault
from nextloop.storage import files as store
from nextloop.storage.lake import Lake
from nextloop.storage.opening import NO_VERSION, find, open_table, opened, options, told
from nextloop.storage.places import is_bucket
from nextloop.storage.slices import SliceFile
from nextloop.tables import Table

__all__ = [
    "NO_VERSION",
    "Overtaken",
    "create",
    "head",
    "history",
    "holds_same",
    "opened",
    "paths",
    "publish",
    "read",
    "rewind",
    "slices",
    "version",
]


class Overtaken(SystemFault):
    """Another run committed to a table after this one had looked at it; nothing was changed."""

    def __init__(self, table: Table) -> None:
        super().__init__(
            f"Another run published {table.name} while this one ran; this one changed nothing "
            "there.",
            "Run it again: what is already there is skipped.",
        )


def version(lake: Lake, table: Table) -> int:
    """Return the newest version of a table, `NO_VERSION` if there is none."""
    found = find(lake, table, None)
    return NO_VERSION if found is None else found.version()


def create(lake: Lake, table: Table) -> int:
    """Make an empty table unless there is one; return its newest version."""
    if (present := version(lake, table)) != NO_VERSION:
        return present
    folder = lake.folder(table.name)
    if not is_bucket(folder):
        lake.local(table.name).mkdir(parents=True, exist_ok=True)
    with told(lake, table):
        DeltaTable.create(
            folder,
            Schema.from_arrow(table.schema),
            mode="ignore",
            name=table.name,
            description=table.grain,
            storage_options=options(folder),
        )
    return version(lake, table)


def publish(
    lake: Lake,
    table: Table,
    files: Sequence[SliceFile],
    run_id: str,
    base: int,
    emptied: Collection[str] = (),
    about: Mapping[str, Any] | None = None,
) -> int:
    """Commit a run's files; each slice they hold replaces what the table had of it.

    Args:
        lake: The lake.
        table: The table.
        files: One a slice, written under the table's folder.
        run_id: The run, for the table's history.
        base: The newest version when the run looked at the table. It is what makes a run that was
            overtaken, however late it comes, fail instead of publishing what it made of old data.
        emptied: Slices that have no rows any more.
        about: More for the table's history.

    Returns:
        The version that the commit made, or `base` if there was nothing to change.

    Raises:
        Overtaken: Another run committed since; nothing of this one shows.
    """
    handle = open_table(lake, table, base)
    replaced = {file.value for file in files} | set(emptied)
    removed = [old for old in _adds(handle) if _slice_value(table, old) in replaced]
    if not files and not removed:
        return base
    try:
        with told(lake, table):
            handle.create_write_transaction(
                [*map(_add, files), *map(_remove, removed)],
                "append",
                Schema.from_arrow(table.schema),
                commit_properties=CommitProperties(
                    custom_metadata={"run_id": run_id, **(about or {})},
                    # Of two commits from one version the second fails, whatever they touch.
                    app_transactions=[Transaction(f"nextloop.{table.name}", base + 1)],
                ),
            )
    except (CommitFailedError, SystemFault) as error:
        # A commit whose answer was lost is there all the same; tried again it met itself.
        if not _committed(lake, table, base + 1, run_id):
            if isinstance(error, CommitFailedError):
                raise Overtaken(table) from error
            raise
    return base + 1


def _committed(lake: Lake, table: Table, at: int, run_id: str) -> bool:
    return any(
        (commit.get("version"), commit.get("run_id")) == (at, run_id)
        for commit in history(lake, table)
    )


def rewind(lake: Lake, table: Table, to: int, base: int) -> int:
    """Make an older version the newest: takes back what an unfinished run left.

    Args:
        lake: The lake.
        table: The table.
        to: The older version.
        base: The newest version when it was decided.

    Returns:
        The newest version now.

    Raises:
        Overtaken: Another run committed since; nothing was changed.
    """
    if base == to:
        return base
    try:
        with told(lake, table):
            open_table(lake, table, base).restore(to)
    except CommitFailedError as error:
        raise Overtaken(table) from error
    return base + 1


def holds_same(lake: Lake, table: Table, one: int, other: int) -> bool:
    """Tell whether two versions of a table have the same data files."""
    return paths(lake, table, one) == paths(lake, table, other)


def read(
    lake: Lake,
    table: Table,
    at: int | None = None,
    where: Sequence[tuple[str, str, Any]] = (),
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """Read a table into memory.

    Args:
        lake: The lake.
        table: The table.
        at: Version; the newest if None.
        where: Conditions that must all hold, as ("column", "=", value).
        columns: In this order; all if None.

    Raises:
        DataFault: No such table or version yet.
    """
    names = table.schema.names if columns is None else list(columns)
    with told(lake, table):
        handle = open_table(lake, table, at)
        found = handle.to_pyarrow_table(filters=list(where) or None, columns=names)
    return found.select(names).cast(pa.schema([table.schema.field(name) for name in names]))


def head(lake: Lake, table: Table, at: int, rows: int) -> list[dict[str, Any]]:
    """Return the first rows of a version, opening no more files than they need."""
    found: list[dict[str, Any]] = []
    for path in paths(lake, table, at):
        if len(found) >= rows:
            break
        with store.open_input(path) as stream:
            batches = pq.ParquetFile(stream).iter_batches(batch_size=max(rows, 1))
            found += next(batches).slice(0, rows - len(found)).to_pylist()
    return found


def paths(
    lake: Lake, table: Table, at: int | None = None, slices: Collection[str] | None = None
) -> list[str]:
    """List the data files of a version, or of some of its slices, for an engine to read."""
    if at == NO_VERSION:
        return []
    return sorted(
        f"{lake.folder(table.name)}/{add['path']}"
        for add in _adds(open_table(lake, table, at))
        if slices is None or _slice_value(table, add) in slices
    )


def slices(lake: Lake, table: Table, at: int | None = None) -> list[dict[str, Any]]:
    """Describe a version's data files, one dictionary a file, with their statistics."""
    return [] if at == NO_VERSION else _adds(open_table(lake, table, at))


def history(lake: Lake, table: Table) -> list[dict[str, Any]]:
    """Return the table's commits, newest first, as Delta records them, each with its version."""
    with told(lake, table):
        while True:
            opened = open_table(lake, table, None)
            found = opened.history()
            # It lists what is there now and numbers it from the version that was opened: a commit
            # that came in between would bear the number of the one before it.
            if open_table(lake, table, None).version() == opened.version():
                return found


def _adds(handle: DeltaTable) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pa.table(handle.get_add_actions(flatten=True)).to_pylist()
    return found


def _slice_value(table: Table, add: dict[str, Any]) -> str:
    return str(add[f"min.{table.slice_by}"])


def _add(file: SliceFile) -> AddAction:
    return AddAction(file.path, file.size, {}, _now_ms(), data_change=True, stats=file.stats)


def _remove(add: dict[str, Any]) -> RemoveAction:
    return RemoveAction(add["path"], True, _now_ms(), add["size_bytes"], None)  # noqa: FBT003


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
