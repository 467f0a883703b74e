"""How data scientists read what became of offers: `nextloop.events.read_lists()`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa

from nextloop import settings
from nextloop.events.lists import COLUMNS, lists
from nextloop.settings import OrderSettings
from nextloop.storage import delta
from nextloop.storage.lake import Lake, open_lake
from nextloop.tables import EVENTS


def read_lists(lake: str | Path | None = None, version: int | None = None) -> pd.DataFrame:
    """Read what became of each list of offers.

    Args:
        lake: The lake's folder; the settings' if None.
        version: Of the table `events`; the newest if None.

    Returns:
        One row a list that was shown, by day, hotel and request; see `events.lists.lists`.

    Raises:
        DataFault: There are no events yet.

    Example:
        >>> read_lists().groupby("model_version")["hit"].mean()  # doctest: +SKIP
    """
    tree = settings.load()
    opened = open_lake(lake if lake is not None else tree.lake)
    found: pd.DataFrame = lists_of(opened, tree.orders, version).to_pandas()
    return found


def lists_of(lake: Lake, orders: OrderSettings, version: int | None = None) -> pa.Table:
    """Do what `read_lists` does, for an opened lake, as Arrow."""
    rows = delta.read(lake, EVENTS, version, columns=COLUMNS)
    return lists(rows, orders.timezone_of)
