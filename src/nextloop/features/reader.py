"""How data scientists read features: `nextloop.features.read("interactions", as_of=...)`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from nextloop import settings
from nextloop.errors import DataFault, UsageFault
from nextloop.storage import delta
from nextloop.storage.lake import Lake, open_lake
from nextloop.tables import FEATURE_TABLES, INTERACTIONS, Table

VERSIONS: Final = "versions"
"""Under this name a commit of interactions tells the versions of the other feature tables."""


def read(
    name: str,
    as_of: dt.date | str | None = None,
    hotel: int | None = None,
    lake: str | Path | None = None,
    version: int | None = None,
) -> pd.DataFrame:
    """Read one feature table as of a date.

    Args:
        name: `interactions`, `item_features`, `guest_features`, `item_pairs` or `hotel_demand`.
        as_of: A date for which features were made; the latest such date if None.
        hotel: Only this hotel; all if None.
        lake: The lake's folder; the settings' if None.
        version: The table's version, such as a training run recorded it; the newest if None.

    Returns:
        The rows in the order of the table's key; its grain is `nextloop tables show NAME`.

    Raises:
        UsageFault: No such feature table, or `as_of` is no date.
        DataFault: There are no features for that date.

    Example:
        >>> read("item_features", as_of="2017-12-25")  # doctest: +SKIP
    """
    opened = open_lake(lake if lake is not None else settings.load().lake)
    rows = read_arrow(opened, table_of(name), _date(as_of), hotel, version)
    found: pd.DataFrame = rows.to_pandas()
    return found


def read_arrow(
    lake: Lake,
    table: Table,
    as_of: dt.date | None = None,
    hotel: int | None = None,
    version: int | None = None,
) -> pa.Table:
    """Do what `read` does, for an opened lake, as Arrow."""
    if version is not None:
        dates = as_of_dates(lake, table, version)
    else:
        made = versions(lake)
        version = made.get(table.name, delta.NO_VERSION)
        # A table without rows for a date, such as guests where all are anonymous, was made too.
        dates = sorted(
            {
                date
                for each in (table, INTERACTIONS)
                for date in as_of_dates(lake, each, made.get(each.name, delta.NO_VERSION))
            }
        )
    date = as_of or (dates[-1] if dates else None)
    if date is None or date not in dates:
        there = ", ".join(map(str, dates[-5:])) or "none"
        raise DataFault(
            f"There are no {table.name} as of {date or 'any date'} (latest there are: {there}).",
            f"Make them with: nextloop features --as-of {date or 'YYYY-MM-DD'}",
        )
    where: list[tuple[str, str, object]] = [("as_of", "=", date)]
    if hotel is not None:
        where.append(("hotel", "=", hotel))
    rows = delta.read(lake, table, version, where)
    return rows.sort_by([(name, "ascending") for name in table.key])


def versions(lake: Lake) -> dict[str, int]:
    """Return the versions of the feature tables that one finished run left; none yet gives {}.

    The tables are committed one after the other, interactions last: whoever reads several by these
    versions never sees one of a run and another from before it.
    """
    if delta.version(lake, INTERACTIONS) == delta.NO_VERSION:
        return {}
    for commit in delta.history(lake, INTERACTIONS):
        if VERSIONS in commit:
            return {**commit[VERSIONS], INTERACTIONS.name: commit["version"]}
    return {}


def as_of_dates(lake: Lake, table: Table, version: int | None = None) -> list[dt.date]:
    """List the dates for which a feature table has rows, oldest first."""
    if delta.version(lake, table) == delta.NO_VERSION:
        return []
    found = delta.slices(lake, table, version)
    return sorted({add["min.as_of"] for add in found})


def _date(as_of: dt.date | str | None) -> dt.date | None:
    if not isinstance(as_of, str):
        return as_of
    try:
        return dt.date.fromisoformat(as_of)
    except ValueError:
        raise UsageFault(f"as_of is {as_of!r}, which is no date.", "Write YYYY-MM-DD.") from None


def table_of(name: str) -> Table:
    """Find a feature table by name.

    Raises:
        UsageFault: There is none of that name.
    """
    for table in FEATURE_TABLES:
        if table.name == name:
            return table
    names = ", ".join(table.name for table in FEATURE_TABLES)
    raise UsageFault(f"There is no feature table {name!r}.", f"Use one of: {names}.")
