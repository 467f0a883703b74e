"""The tables' descriptions: complete, unambiguous, and the same to every engine."""

from __future__ import annotations

import pyarrow as pa
import pytest

from nextloop.storage.slices import write_slice
from nextloop.tables import FEATURE_TABLES, ORDERS, TABLES, UTC_TIME
from nextloop.tables.table import Table

each_table = pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))


@each_table
def test_key_and_slice_are_columns_that_are_never_null(table):
    """A row can always be named; only a key's part that may be unknown may be null."""
    columns = {column.name: column for column in table.columns}
    assert len(columns) == len(table.columns)
    assert {*table.key, table.slice_by} <= {*columns, "department"}
    nullable = {name for name in (*table.key, table.slice_by) if columns[name].nullable}
    assert nullable <= {"department"}


@each_table
def test_every_column_says_what_it_means(table):
    """A sentence with its full stop, and what one row is."""
    assert table.grain.startswith("one row ")
    for column in table.columns:
        assert column.text.endswith(".")


@each_table
def test_units_stand_in_the_names(table):
    """An instant ends in _at and is UTC, a date in _date, _week or of; a share in _ratio."""
    for column in table.columns:
        if pa.types.is_timestamp(column.type):
            assert column.type == UTC_TIME
            assert column.name.endswith("_at") or column.name == "at"
        if pa.types.is_date(column.type):
            assert column.name.endswith(("_date", "_week", "_of"))
        if column.name.endswith("_ratio"):
            assert column.type == pa.float64()


@each_table
def test_engine_spells_the_same_schema(sail, table):
    """An engine that is told the DDL has the same columns, of the same types."""
    found = sail.createDataFrame([], table.ddl).toArrow().schema
    assert found.names == table.schema.names
    for ours, theirs in zip(table.schema, found, strict=True):
        kind = theirs.type.value_type if pa.types.is_list(ours.type) else theirs.type
        assert kind == (ours.type.value_type if pa.types.is_list(ours.type) else ours.type)


def test_feature_tables_are_sliced_by_their_date():
    """Making a date anew replaces that date and no other, a file each hotel."""
    for table in FEATURE_TABLES:
        assert (table.slice_by, table.part_by) == ("as_of", "hotel")
        assert table.key[:2] == ("as_of", "hotel")


def test_lists_never_hold_nulls():
    """Arrow's schema forbids what the description does."""
    flags = ORDERS.schema.field("flags")
    assert not flags.nullable
    assert not flags.type.value_field.nullable


def test_description_is_enough_to_store_a_table(tmp_path):
    """A table described in four lines can be written, by its key's order."""
    from nextloop.tables import Column

    table = Table(
        name="t",
        grain="one row a thing",
        key=("thing",),
        slice_by="lot",
        columns=(Column("lot", pa.string(), "Lot."), Column("thing", pa.int64(), "Thing.")),
    )
    rows = pa.table({"thing": [2, 1], "lot": ["a", "a"]})
    written = write_slice(str(tmp_path), table, "r", rows)
    assert pa.parquet.read_table(tmp_path / written.path)["thing"].to_pylist() == [1, 2]
