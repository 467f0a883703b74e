"""The feature tables, each from the known orders and lines.

In: `source.known_orders` and `source.known_lines`. Out: DataFrames with the columns of
`tables.features`, less `as_of`, which `jobs.features` adds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as f

from nextloop.features.source import Clocks, known_lines, known_orders
from nextloop.tables import (
    GUEST_FEATURES,
    HOTEL_DEMAND,
    ITEM_FEATURES,
    ITEM_PAIRS,
    Table,
)

_RECENT_DAYS: Final = 28
"""Four whole weeks: each weekday counts as often as the others."""


def known(orders: DataFrame, lines: DataFrame, as_of: dt.date, clocks: Clocks) -> DataFrame:
    """Return the lines known when a date ended: the source of every feature.

    Args:
        orders: Table `orders`.
        lines: Table `order_lines`.
        as_of: The last local date that counts.
        clocks: The hotels' clocks.
    """
    return known_lines(lines, known_orders(orders, as_of, clocks))


def derived(
    lines: DataFrame, bought: DataFrame, as_of: dt.date
) -> Mapping[Table, Callable[[], DataFrame]]:
    """Name the tables that follow from known lines and interactions, and how each is made.

    Args:
        lines: `known`.
        bought: `interactions` of the same lines.
        as_of: The last local date that counts.
    """
    return {
        ITEM_FEATURES: lambda: item_features(lines, as_of),
        GUEST_FEATURES: lambda: guest_features(bought, as_of),
        ITEM_PAIRS: lambda: item_pairs(bought),
        HOTEL_DEMAND: lambda: hotel_demand(lines),
    }


def interactions(lines: DataFrame) -> DataFrame:
    """Return what guests paid for: one row an item of a completed order.

    Args:
        lines: `source.known_lines`; price-0 requests and unfinished orders are left out here.
    """
    paid = lines.where((f.col("state") == "complete") & (f.col("price") > 0))
    order = ("guest", "stay", "ordered_at", "local_date", "hour", "weekday", "stay_day", "nights")
    party = ("adults", "children", "babies")
    return paid.groupBy("hotel", "order_seq", "item").agg(
        *(f.first(name).alias(name) for name in (*order, *party)),
        f.sum("quantity").cast("int").alias("quantity"),
        f.max("price").alias("price"),
        f.sum("revenue").alias("revenue"),
        f.max("department").alias("department"),
        f.max(f.col("coupon").cast("int")).cast("boolean").alias("coupon"),
    )


def item_features(lines: DataFrame, as_of: dt.date) -> DataFrame:
    """Return what is known of each item, requests included.

    Args:
        lines: `source.known_lines`.
        as_of: The last date; the recent days end with it.
    """
    newest = Window.partitionBy("hotel", "item").orderBy(
        f.col("ordered_at").desc(), f.col("order_seq").desc(), f.col("line").desc()
    )
    latest = (
        lines.withColumn("place", f.row_number().over(newest))
        .where("place = 1")
        .select(
            "hotel", "item", "item_name", "department", f.coalesce("price", f.lit(0)).alias("price")
        )
    )
    # By order first: an order's state and wait count once, however many lines it has of an item.
    orders = lines.groupBy("hotel", "item", "order_seq").agg(
        *(f.first(name).alias(name) for name in ("state", "guest", "ordered_at", "local_date")),
        f.first("wait_seconds").alias("wait_seconds"),
        f.sum("quantity").alias("quantity"),
        f.sum("revenue").alias("revenue"),
        f.count(f.lit(1)).alias("lines"),
        f.sum(f.col("coupon").cast("int")).alias("coupons"),
    )
    done = f.col("state") == "complete"
    recent = f.col("local_date") > f.lit(as_of - dt.timedelta(days=_RECENT_DAYS))
    counted = orders.groupBy("hotel", "item").agg(
        _count_when(done).alias("order_count"),
        f.countDistinct(f.when(done, f.col("guest"))).alias("guest_count"),
        _sum_when(done, "quantity").alias("quantity"),
        _sum_when(done, "revenue").alias("revenue"),
        _count_when(done & recent).alias("order_count_28d"),
        # Null, not an error, where nothing was completed.
        (f.sum(f.when(done, f.col("coupons"))) / f.sum(f.when(done, f.col("lines")))).alias(
            "coupon_ratio"
        ),
        (_count_when(f.col("state") == "refused") / f.count(f.lit(1))).alias("refused_ratio"),
        f.min("ordered_at").alias("first_ordered_at"),
        f.max("ordered_at").alias("last_ordered_at"),
        _median_minutes().alias("wait_minutes_median"),
    )
    return counted.join(latest, ["hotel", "item"], "inner")


def guest_features(bought: DataFrame, as_of: dt.date) -> DataFrame:
    """Return what is known of each guest who has a key.

    Args:
        bought: `interactions`.
        as_of: The date to which `days_since_last` counts.
    """
    known = bought.where(f.col("guest").isNotNull())
    orders = known.groupBy("hotel", "guest", "order_seq").agg(
        f.first("hour").alias("hour"),
        f.first(f.col("adults") + f.col("children") + f.col("babies")).alias("party"),
        f.sum("revenue").alias("order_revenue"),
    )
    commonest = Window.partitionBy("hotel", "guest").orderBy(f.col("count").desc(), f.col("hour"))
    usual = (
        orders.groupBy("hotel", "guest", "hour")
        .count()
        .withColumn("place", f.row_number().over(commonest))
        .where("place = 1")
        .select("hotel", "guest", f.col("hour").alias("usual_hour"))
    )
    of_orders = orders.groupBy("hotel", "guest").agg(
        f.count(f.lit(1)).alias("order_count"),
        f.avg("order_revenue").alias("mean_order_price"),
        f.avg("party").alias("party_mean"),
    )
    of_items = known.groupBy("hotel", "guest").agg(
        f.countDistinct("stay").alias("stay_count"),
        f.sum("quantity").cast("bigint").alias("item_count"),
        f.countDistinct("item").alias("distinct_items"),
        f.sum("revenue").alias("revenue"),
        f.min("ordered_at").alias("first_ordered_at"),
        f.max("ordered_at").alias("last_ordered_at"),
        f.datediff(f.lit(as_of), f.max("local_date")).alias("days_since_last"),
    )
    key = ["hotel", "guest"]
    return of_items.join(of_orders, key, "inner").join(usual, key, "inner")


def item_pairs(bought: DataFrame) -> DataFrame:
    """Return how often two items were had in one stay, in both directions.

    Args:
        bought: `interactions`.
    """
    had = bought.select("hotel", "stay", "item").distinct()
    stays = had.groupBy("hotel").agg(f.countDistinct("stay").alias("stays"))
    single = had.groupBy("hotel", "item").agg(f.count(f.lit(1)).alias("stays_item"))
    other = had.withColumnRenamed("item", "other_item")
    both = (
        had.join(other, ["hotel", "stay"], "inner")
        .where(f.col("item") != f.col("other_item"))
        .groupBy("hotel", "item", "other_item")
        .agg(f.count(f.lit(1)).alias("stays_both"))
    )
    renamed = single.withColumnsRenamed({"item": "other_item", "stays_item": "stays_other"})
    rows = (
        both.join(single, ["hotel", "item"], "inner")
        .join(renamed, ["hotel", "other_item"], "inner")
        .join(stays, ["hotel"], "inner")
    )
    confidence = f.col("stays_both") / f.col("stays_item")
    return rows.withColumns(
        {
            "confidence": confidence,
            "lift": confidence * f.col("stays") / f.col("stays_other"),
        }
    )


def hotel_demand(lines: DataFrame) -> DataFrame:
    """Return each department's orders by hour, of every state, requests included.

    Args:
        lines: `source.known_lines`.
    """
    hour = ("hotel", "department", "local_date", "hour")
    orders = lines.groupBy(*hour, "order_seq").agg(
        f.first("state").alias("state"),
        f.count(f.lit(1)).alias("lines"),
        f.sum("quantity").alias("pieces"),
        f.sum("revenue").alias("paid"),
        f.first("wait_seconds").alias("wait_seconds"),
    )
    return orders.groupBy(*hour).agg(
        f.count(f.lit(1)).alias("order_count"),
        *(
            f.sum((f.col("state") == state).cast("bigint")).alias(f"{state}_count")
            for state in ("complete", "refused", "open")
        ),
        f.sum("lines").alias("line_count"),
        f.sum("pieces").cast("bigint").alias("quantity"),
        _sum_when(f.col("state") == "complete", "paid").alias("revenue"),
        _median_minutes().alias("wait_minutes_median"),
    )


def _count_when(condition: Column) -> Column:
    return f.count(f.when(condition, f.lit(1)))


def _sum_when(condition: Column, name: str) -> Column:
    return f.coalesce(f.sum(f.when(condition, f.col(name))), f.lit(0)).cast("bigint")


def _median_minutes() -> Column:
    # Of whole seconds the median is exact; of minutes, engines round its last bit differently.
    return f.percentile("wait_seconds", 0.5) / 60.0
