"""Opening a Delta table of the lake, in a folder or a bucket, at a version.

What is wrong with a table's log, or with the store that it lies in, becomes a fault of one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from nextloop.errors import DataFault, SystemFault
from nextloop.storage import gcs_options
from nextloop.storage.lake import Lake
from nextloop.storage.places import is_bucket
from nextloop.tables import Table

NO_VERSION: Final = -1
"""The version of a table that does not exist yet."""


def opened(lake: Lake, table: Table, at: int | None = None) -> DeltaTable:
    """Open a table by delta-rs.

    Raises:
        TableNotFoundError: There is none.
        DeltaError: Its log is damaged.
    """
    folder = lake.folder(table.name)
    return DeltaTable(folder, version=at, storage_options=options(folder))


def find(lake: Lake, table: Table, at: int | None) -> DeltaTable | None:
    """Open a table at a version, the newest if None; return None if there is no table.

    Raises:
        DataFault: The table has no such version, or its log is damaged.
        SystemFault: The bucket does not answer.
    """
    try:
        with told(lake, table):
            found = opened(lake, table)
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


@contextmanager
def told(lake: Lake, table: Table) -> Iterator[None]:
    """Turn what delta-rs says of the disk or the bucket into one line.

    Raises:
        SystemFault: It does not answer, or refuses.
        DeltaError: Whatever else delta-rs says.
    """
    try:
        yield
    except (OSError, DeltaError) as error:
        # delta-rs has no class of its own for what its store told it.
        if isinstance(error, DeltaError) and "object store" not in str(error):
            raise
        raise SystemFault(
            f"The table {table.name} in {lake.root} cannot be reached: {_reason(error)}.",
            "Check the disk, or the network and the bucket's rights, then run it again.",
        ) from error


def _reason(error: OSError | DeltaError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    plain = re.sub(r"\x1b\[\d+m|↳", "", str(error))
    if system := re.search(r"([^\n:]+) \(os error \d+\)", plain):
        return system[1].strip()
    refused = re.search(r"privileges|credentials|40[13] (Forbidden|Unauthorized)", plain)
    return "this account is refused" if refused else "no answer"


def _no_version(table: Table, at: int) -> DataFault:
    return DataFault(
        f"The table {table.name} has no version {at}.",
        f"See the versions there are: nextloop tables history {table.name}",
    )


def open_table(lake: Lake, table: Table, at: int | None) -> DeltaTable:
    """Do what `find` does for a table that must be there.

    Raises:
        DataFault: There is no such table, too.
    """
    found = find(lake, table, at)
    if found is None:
        raise DataFault(
            f"There is no table {table.name} in {lake.root} yet.",
            "Fill the lake with nextloop ingest, then nextloop features, then nextloop train.",
        )
    return found


def history(lake: Lake, table: Table) -> list[dict[str, Any]]:
    """Return the table's commits, newest first, as Delta records them, each with its version."""
    with told(lake, table):
        while True:
            looked_at = open_table(lake, table, None)
            found = looked_at.history()
            # It lists what is there now and numbers it from the version that was opened: a commit
            # that came in between would bear the number of the one before it.
            if open_table(lake, table, None).version() == looked_at.version():
                return found


def options(folder: str) -> dict[str, str] | None:
    """Tell delta-rs how to reach a table's folder or prefix."""
    return gcs_options.delta_options() if is_bucket(folder) else None
