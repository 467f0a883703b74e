"""Who reads a table: Polars, DuckDB, pandas and the engine see the same rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from tests.lakes import Chain
from tests.order_files import contents, item, row

from nextloop.storage import delta
from nextloop.tables import ORDER_LINES, ORDERS

DUCKDB = """
import sys, duckdb
from deltalake import DeltaTable
folder, key, answer = sys.argv[1:]
found = DeltaTable(folder).to_pyarrow_dataset()
duckdb.sql(f"COPY (SELECT * FROM found ORDER BY {key}) TO '{answer}' (FORMAT parquet)")
"""


def by_duckdb(folder: str, key: list[str], answer: Path) -> pa.Table:
    """Read a table with DuckDB, in a process of its own: it tells its leaks where it ends."""
    command = [sys.executable, "-c", DUCKDB, folder, ", ".join(key), str(answer)]
    subprocess.run(command, check=True, timeout=60)
    return pa.parquet.read_table(answer)


@pytest.fixture(scope="module")
def filled(tmp_path_factory, sail):
    """Two weeks, taken in twice, so that the tables have replaced files."""
    chain = Chain(tmp_path_factory.mktemp("readers"), sail)
    later = {"reg_date": "2017-12-27 10:00:00", "check_date": "", "complete_date": ""}
    chain.take_in([row(1, customer_seq=""), row(2, **later)], "a.csv")
    two = contents(item(itemSeq=1, itemName=None), item(itemSeq=2, waitingPeriod=0.5))
    chain.take_in(
        [row(2, **later, status="CANCEL", contents=two), row(3, visitor_cnt="0")], "b.csv"
    )
    return chain


@pytest.mark.parametrize("table", [ORDERS, ORDER_LINES], ids=lambda table: table.name)
def test_all_readers_see_the_same_rows(filled, sail, tmp_path, table):
    """Values, nulls, lists and instants come out alike, by whatever they are read."""
    folder = str(filled.lake.folder(table.name))
    ours = filled.table(table)
    key = list(table.key)
    polars = pl.scan_delta(folder).sort(key).collect().to_arrow().cast(table.schema)
    via_duckdb = by_duckdb(folder, key, tmp_path / "duckdb.parquet")
    engine = sail.read.parquet(*delta.paths(filled.lake, table)).sort(*key).toArrow()
    for found in (polars, via_duckdb, engine.select(table.schema.names)):
        assert found.cast(table.schema).to_pylist() == ours.to_pylist()


def test_pandas_sees_the_same_rows(filled):
    """The frame has the instants in UTC and the whole numbers unharmed."""
    frame = DeltaTable(str(filled.lake.folder("orders"))).to_pandas().sort_values("order_seq")
    assert frame["order_seq"].tolist() == [1, 2, 3]
    assert frame["reg_at"].tolist() == filled.table(ORDERS)["reg_at"].to_pandas().tolist()
    assert frame["guest_key"].isna().tolist() == [True, False, False]


def test_older_version_by_other_readers(filled):
    """Polars reads the version before the second file."""
    folder, version = str(filled.lake.folder("orders")), filled.versions()["orders"]
    older = pl.scan_delta(folder, version=version - 1).sort("order_seq").collect()
    assert older["state"].to_list() == ["complete", "complete"]
    assert pl.read_delta(folder).sort("order_seq")["state"].to_list() == [
        "complete",
        "cancelled",
        "complete",
    ]


def test_stored_types_are_the_described_ones(filled):
    """The files carry the schema of the description, nulls forbidden where it forbids them."""
    for table in (ORDERS, ORDER_LINES):
        for path in delta.paths(filled.lake, table):
            assert pa.parquet.read_schema(path).remove_metadata().equals(table.schema)
