"""Which state of each order counts, over new and stored rows: settled in Spark's words.

Every function takes and returns DataFrames and runs the same on every engine that `spark` opens.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as f

from nextloop.orders.staged import IDENTITY, KEY


def contested(new: DataFrame, known: DataFrame | None) -> DataFrame:
    """Rank the rows of every order that has more than one.

    A later state wins; of equal times a closed one, then the later file name, revision and line.
    All of it stands in the rows, so the outcome is the same in whatever order files arrive.

    Args:
        new: Claims of the staged rows.
        known: Rows of `orders` in the weeks that the new ones touch.

    Returns:
        One row a contesting row: KEY, IDENTITY, `order_week`, `is_new`, `place` (1 = the state
        that counts) and `known_rows` (contesting rows that were known).
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
        .select(*KEY, *IDENTITY, "order_week", "is_new", "place", "known_rows")
    )


def moved_weeks(new: DataFrame, elsewhere: DataFrame) -> DataFrame:
    """Find the weeks in which an order stands that now comes with another week's date.

    Args:
        new: Claims of the staged rows.
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


def _narrow(rows: DataFrame, *, is_new: bool) -> DataFrame:
    closed = (f.col("state") != f.lit("open")).cast("int").alias("is_closed")
    return rows.select(
        *KEY, *IDENTITY, "order_week", "state_at", closed, f.lit(is_new).alias("is_new")
    )
