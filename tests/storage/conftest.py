"""A lake and a small table to publish to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pytest
from tests.lakes import chain

from nextloop.storage import files
from nextloop.storage.lake import Lake, create_lake
from nextloop.storage.slices import SliceFile, write_slice
from nextloop.tables import Column, Table

__all__ = ["chain"]

MONDAY: Final = dt.date(2017, 12, 18)
NEXT: Final = dt.date(2017, 12, 25)
MEALS: Final = Table(
    name="meals",
    grain="one row a meal",
    key=("week", "meal"),
    slice_by="week",
    columns=(
        Column("week", pa.date32(), "Its week.", nullable=False),
        Column("meal", pa.int64(), "Its number.", nullable=False),
        Column("name", pa.string(), "What it is called."),
        Column("tags", pa.list_(pa.string()), "What is said of it.", nullable=False),
    ),
)


def meals(week: dt.date, *numbers: int, name: str | None = "밥") -> pa.Table:
    """Rows of one week."""
    rows = [{"week": week, "meal": n, "name": name, "tags": ["hot"]} for n in numbers]
    return pa.Table.from_pylist(rows, MEALS.schema)


def written(lake: Lake, run_id: str, *rows: pa.Table) -> Sequence[SliceFile]:
    """Write weeks, a file each, as a run does before it publishes."""
    return [write_slice(lake.folder(MEALS.name), MEALS, run_id, each) for each in rows]


@pytest.fixture(params=["folder", "bucket"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    """A new lake, in a folder and in a bucket."""
    place = tmp_path if request.param == "folder" else request.getfixturevalue("gcs").place()
    return create_lake(f"{place}/lake", "0" * 16)


@pytest.fixture
def folder_lake(tmp_path: Path) -> Lake:
    """A new lake in a folder."""
    return create_lake(tmp_path / "lake", "0" * 16)


def of_bytes(lake: Lake, file: SliceFile) -> bytes:
    """A data file's bytes."""
    return files.read_bytes(f"{lake.folder(MEALS.name)}/{file.path}")
