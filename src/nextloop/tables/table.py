"""What a stored table is: its grain, key, slice and columns.

Nothing here reads or writes. The stations fill tables that match these descriptions, storage
publishes them, and `docs/tables.md` is generated from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

UTC_TIME: Final = pa.timestamp("us", tz="UTC")
"""Every instant in every table: microseconds, UTC."""


@dataclass(frozen=True)
class Column:
    """One column: its name with the unit as a suffix, Arrow type, and meaning in a sentence."""

    name: str
    type: pa.DataType
    text: str
    nullable: bool = True

    def field(self) -> pa.Field:
        """Return the Arrow field; a list's items are never null."""
        kind = self.type
        if pa.types.is_list(kind):
            kind = pa.list_(pa.field("element", kind.value_type, nullable=False))
        return pa.field(self.name, kind, nullable=self.nullable)


@dataclass(frozen=True)
class Table:
    """One stored table.

    Attributes:
        name: Folder and table name.
        grain: What one row is, in words.
        key: Columns that name a row; no two rows share them.
        slice_by: Column whose values a publish replaces as a whole; each data file holds one
            value of it, so a reader of one week or one as-of date opens only its files.
        columns: In stored order.
        part_by: Column over whose values a slice's rows are spread, a file each; None puts a
            slice into one file.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    slice_by: str
    columns: tuple[Column, ...]
    part_by: str | None = None

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema that each data file has, column for column."""
        return pa.schema([column.field() for column in self.columns])

    @property
    def ddl(self) -> str:
        """The same schema as Spark spells it."""
        return ", ".join(f"`{column.name}` {_spark_type(column.type)}" for column in self.columns)


def _spark_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"array<{_spark_type(kind.value_type)}>"
    return _SPARK_TYPES[kind]


_SPARK_TYPES: Final = {
    pa.int8(): "tinyint",
    pa.int16(): "smallint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.string(): "string",
    pa.date32(): "date",
    UTC_TIME: "timestamp",
}
