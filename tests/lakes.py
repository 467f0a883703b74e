"""A landing and a lake of a test's own, with the real jobs to fill it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from tests.order_files import KEY, csv_text

from nextloop import settings
from nextloop.jobs.features import FeaturesReport, features
from nextloop.jobs.ingest import IngestReport, ingest
from nextloop.storage import delta, files
from nextloop.storage.lake import Lake, open_lake
from nextloop.storage.places import is_bucket
from nextloop.storage.slices import SliceFile
from nextloop.tables import LANDING_FILES, ORDER_LINES, ORDERS, REJECTED_ROWS, Table

FILLED = (ORDERS, ORDER_LINES, REJECTED_ROWS, LANDING_FILES)


def published(
    lake: Lake, table: Table, written: Sequence[SliceFile], run_id: str, **more: Any
) -> int:
    """Publish upon the newest version, made if it is missing; return the version after it."""
    return delta.publish(lake, table, written, run_id, delta.create(lake, table), **more)


class Chain:
    """Order files in, tables out, on the embedded engine, in a folder or a bucket."""

    def __init__(self, root: Path | str, sail: SparkSession, **flags: Any) -> None:
        self.place, self.sail = str(root), sail
        self.landing, self.root = Path(f"{root}/landing"), Path(f"{root}/lake")
        if not is_bucket(self.place):
            self.landing.mkdir(parents=True, exist_ok=True)
        self.settings = settings.load(
            {
                "landing": f"{root}/landing",
                "lake": f"{root}/lake",
                "privacy.guest_key": KEY,
                **flags,
            }
        )

    def put(self, name: str, rows: Sequence[Mapping[str, str] | str]) -> Path:
        """Put an order file into the landing."""
        with files.open_output(f"{self.place}/landing/{name}") as stream:
            stream.write(csv_text(rows).encode())
        return self.landing / name

    def ingest(self) -> IngestReport:
        """Run the ingest job."""
        return ingest(self.settings, self.sail)

    def features(self, as_of: str) -> FeaturesReport:
        """Run the features job."""
        return features(self.settings, dt.date.fromisoformat(as_of), self.sail)

    def take_in(self, rows: Sequence[Mapping[str, str] | str], name: str = "w.csv") -> IngestReport:
        """Put a file there and ingest it."""
        self.put(name, rows)
        return self.ingest()

    @property
    def lake(self) -> Lake:
        """The opened lake."""
        return open_lake(self.settings.lake)

    def table(self, table: Table, version: int | None = None) -> pa.Table:
        """A table's rows in the order of its key."""
        found = delta.read(self.lake, table, version)
        return found.sort_by([(name, "ascending") for name in table.key])

    def rows(self, table: Table, *columns: str) -> list[tuple[Any, ...]]:
        """Some columns of a table, in the order of its key."""
        return [tuple(row[name] for name in columns) for row in self.table(table).to_pylist()]

    def ledger(self) -> dict[str, dict[str, Any]]:
        """The ledger's rows by file name and revision, such as `w.csv#1`."""
        found = self.table(LANDING_FILES).to_pylist()
        return {f"{row['file_name']}#{row['file_revision']}": row for row in found}

    def versions(self) -> dict[str, int]:
        """Newest version of each table that ingest fills."""
        return {table.name: delta.version(self.lake, table) for table in FILLED}


@pytest.fixture
def chain(tmp_path: Path, sail: SparkSession) -> Chain:
    """An empty landing and a lake that is not there yet."""
    return Chain(tmp_path, sail)
