"""From staged rows to the newest state of every order: the transformations, in Spark's words.

Every function takes and returns DataFrames and runs the same on every engine that `spark` opens.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as f

from nextloop.tables import ORDER_LINES, ORDERS

KEY: Final = ("hotel_seq", "order_seq")
IDENTITY: Final = ("file_name", "file_revision", "line_number")
"""Names one landing row for ever; the last word where two rows tell of the same moment."""

_LINE_COLUMNS: Final = {
    "order_type": "orderType",
    "item_seq": "itemSeq",
    "item_name": "itemName",
    "department_seq": "departmentSeq",
    "item_count": "count",
    "free_count": "freeCount",
    "price": "price",
    "result_price": "resultPrice",
    "coupon_seq": "couponSeq",
    "waiting_period": "waitingPeriod",
    "delay_period": "delayPeriod",
    "complete_period": "completePeriod",
}


def contested(new: DataFrame, known: DataFrame | None) -> DataFrame:
    """Rank the rows of every order that has more than one.

    A later state wins; of equal times a closed one, then the later file name, revision and line.
    All of it stands in the rows, so the outcome is the same in whatever order files arrive.

    Args:
        new: Staged rows.
        known: Rows of `orders` in the weeks that the new ones touch.

    Returns:
        One row a contesting row: KEY, IDENTITY, `is_new`, `place` (1 = the state that counts) and
        `known_rows` (contesting rows that were known).
    """
    rows = _narrow(new, is_new=True)
    if known is not None:
        rows = rows.unionByName(_narrow(known, is_new=False))
    # Few orders have more than one row: a count finds them at less cost than ranking all.
    twice = rows.groupBy(*KEY).count().where("count > 1").select(*KEY)
    rows = rows.join(f.broadcast(twice), list(KEY), "left_semi")
    order = Window.partitionBy(*KEY)
    newest = order.orderBy(*(f.col(name).desc() for name in ("state_at", "is_closed", *IDENTITY)))
    return (
        rows.withColumn("known_rows", f.sum((~f.col("is_new")).cast("int")).over(order))
        .withColumn("place", f.row_number().over(newest))
        .select(*KEY, *IDENTITY, "is_new", "place", "known_rows")
    )


def moved_weeks(new: DataFrame, elsewhere: DataFrame) -> DataFrame:
    """Find the weeks in which an order stands that now comes with another week's date.

    Args:
        new: Staged rows.
        elsewhere: Rows of `orders` in weeks that no new row is of.

    Returns:
        One row a week: `order_week`.
    """
    keys = new.select(*KEY).distinct()
    return (
        elsewhere.select(*KEY, "order_week")
        .join(keys, list(KEY), "left_semi")
        .select("order_week")
        .distinct()
    )


def newest_orders(
    new: DataFrame, known: DataFrame | None, superseded: DataFrame | None
) -> DataFrame:
    """Return `orders` of the touched weeks: new and known rows less the superseded ones."""
    rows = new.select(*ORDERS.schema.names)
    if known is not None:
        rows = rows.unionByName(known.select(*ORDERS.schema.names))
    return rows if superseded is None else _without(rows, superseded, IDENTITY)


def newest_lines(
    new: DataFrame, known_lines: DataFrame | None, superseded: DataFrame | None
) -> DataFrame:
    """Return `order_lines` of the touched weeks, one row an item.

    Args:
        new: Staged rows with their items inside.
        known_lines: Rows of `order_lines` in the touched weeks.
        superseded: The contested rows that do not count.
    """
    current = new if superseded is None else _without(new, superseded, IDENTITY)
    lines = current.select(*KEY, "order_week", f.posexplode("lines").alias("line", "item"))
    rows = lines.select(*(_line_column(name) for name in ORDER_LINES.schema.names))
    if known_lines is None:
        return rows
    kept = known_lines.select(*ORDER_LINES.schema.names)
    if superseded is not None:
        kept = _without(kept, superseded.where("not is_new"), KEY)
    return rows.unionByName(kept)


def _narrow(rows: DataFrame, *, is_new: bool) -> DataFrame:
    closed = (f.col("state") != f.lit("open")).cast("int").alias("is_closed")
    return rows.select(*KEY, *IDENTITY, "state_at", closed, f.lit(is_new).alias("is_new"))


def _without(rows: DataFrame, superseded: DataFrame, on: tuple[str, ...]) -> DataFrame:
    return rows.join(f.broadcast(superseded.select(*on).distinct()), list(on), "left_anti")


def _line_column(name: str) -> Column:
    kind = ORDER_LINES.schema.field(name).type
    source = f.col(f"item.{_LINE_COLUMNS[name]}") if name in _LINE_COLUMNS else f.col(name)
    return (source.cast("int") if str(kind) == "int32" else source).alias(name)
