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
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from nextloop.errors import DataFault, SystemFault
from nextloop.storage.lake import Lake
from nextloop.storage.slices import SliceFile
from nextloop.tables import Table

NO_VERSION = -1
"""The version of a table that does not exist yet."""


def version(lake: Lake, table: Table) -> int:
    """Return the newest version of a table, `NO_VERSION` if there is none."""
    found = _find(lake, table, None)
    return NO_VERSION if found is None else found.version()


def create(lake: Lake, table: Table) -> int:
    """Make an empty table unless there is one; return its newest version."""
    if (present := version(lake, table)) != NO_VERSION:
        return present
    folder = lake.folder(table.name)
    folder.mkdir(parents=True, exist_ok=True)
    DeltaTable.create(
        str(folder),
        Schema.from_arrow(table.schema),
        mode="ignore",
        name=table.name,
        description=table.grain,
    )
    return version(lake, table)


def publish(
    lake: Lake,
    table: Table,
    files: Sequence[SliceFile],
    run_id: str,
    emptied: Collection[str] = (),
    about: Mapping[str, Any] | None = None,
) -> int:
    """Commit a run's files; each slice they hold replaces what the table had of it.

    Args:
        lake: The lake.
        table: The table, made if it is missing.
        files: One a slice, written under the table's folder.
        run_id: The run, for the table's history.
        emptied: Slices that have no rows any more.
        about: More for the table's history.

    Returns:
        The version that the commit made, or the present one if there was nothing to change.

    Raises:
        SystemFault: Another run committed meanwhile; nothing of this one shows.
    """
    base = create(lake, table)
    handle = _open(lake, table, base)
    replaced = {file.value for file in files} | set(emptied)
    removed = [old for old in _adds(handle) if _slice_value(table, old) in replaced]
    if not files and not removed:
        return base
    try:
        handle.create_write_transaction(
            [*map(_add, files), *map(_remove, removed)],
            "append",
            Schema.from_arrow(table.schema),
            commit_properties=CommitProperties(
                custom_metadata={"run_id": run_id, **(about or {})},
                # Two runs from one version: the second commit fails, whatever slices it touches.
                app_transactions=[Transaction(f"nextloop.{table.name}", base + 1)],
            ),
        )
    except CommitFailedError as error:
        raise SystemFault(
            f"Another run published {table.name} while this one ran; this one changed nothing "
            "there.",
            "Run it again: what is already there is skipped.",
        ) from error
    return version(lake, table)


def rewind(lake: Lake, table: Table, to: int) -> None:
    """Make an older version the newest: takes back what an unfinished run left."""
    handle = _open(lake, table, None)
    if handle.version() != to:
        handle.restore(to)


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
    handle = _open(lake, table, at)
    found = handle.to_pyarrow_table(
        filters=list(where) or None, columns=None if columns is None else list(columns)
    )
    names = table.schema.names if columns is None else columns
    return found.select(names).cast(pa.schema([table.schema.field(name) for name in names]))


def head(lake: Lake, table: Table, at: int, rows: int) -> list[dict[str, Any]]:
    """Return the first rows of a version, opening no more files than they need."""
    found: list[dict[str, Any]] = []
    for path in paths(lake, table, at):
        if len(found) >= rows:
            break
        batches = pq.ParquetFile(path).iter_batches(batch_size=max(rows, 1))
        found += next(batches).slice(0, rows - len(found)).to_pylist()
    return found


def paths(
    lake: Lake, table: Table, at: int | None = None, slices: Collection[str] | None = None
) -> list[str]:
    """List the data files of a version, or of some of its slices, for an engine to read."""
    if at == NO_VERSION:
        return []
    folder = lake.folder(table.name)
    return sorted(
        str(folder / add["path"])
        for add in _adds(_open(lake, table, at))
        if slices is None or _slice_value(table, add) in slices
    )


def slices(lake: Lake, table: Table, at: int | None = None) -> list[dict[str, Any]]:
    """Describe a version's data files, one dictionary a file, with their statistics."""
    return [] if at == NO_VERSION else _adds(_open(lake, table, at))


def history(lake: Lake, table: Table) -> list[dict[str, Any]]:
    """Return the table's commits, newest first, as Delta records them."""
    return _open(lake, table, None).history()


def _find(lake: Lake, table: Table, at: int | None) -> DeltaTable | None:
    try:
        found = DeltaTable(str(lake.folder(table.name)))
        # Asked for a version far ahead, delta-rs would look for each one up to it.
        if at is not None and not 0 <= at <= found.version():
            raise _no_version(table, at)
        if at is not None and at != found.version():
            found.load_as_version(at)
    except TableNotFoundError:
        return None
    except DeltaError as error:
        raise DataFault(
            f"The log of the table {table.name} in {lake.root} is damaged.",
            "Restore the lake from a backup, or make a new one from the landing's files.",
        ) from error
    return found


def _no_version(table: Table, at: int) -> DataFault:
    return DataFault(
        f"The table {table.name} has no version {at}.",
        f"See the versions there are: nextloop tables history {table.name}",
    )


def _open(lake: Lake, table: Table, at: int | None) -> DeltaTable:
    found = _find(lake, table, at)
    if found is None:
        raise DataFault(
            f"There is no table {table.name} in {lake.root} yet.",
            "Fill the lake with nextloop ingest, then nextloop features, then nextloop train.",
        )
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
