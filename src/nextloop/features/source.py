"""Orders and lines as they were known at the end of a date, by the hotel's clock.

In: the tables `orders` and `order_lines`. Out: the two DataFrames that every feature is computed
from. What came later is gone here, once, so that no feature has to think of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

_MOST_DAYS: Final = 10_000
"""A check-out in 2099 stands for none."""


@dataclass(frozen=True)
class Clocks:
    """Which time zone a hotel's clock shows.

    Attributes:
        timezone: Of hotels not in `hotel_timezones`.
        hotel_timezones: Zone by hotel_seq.
    """

    timezone: str
    hotel_timezones: Mapping[int, str]

    def local(self, at: str) -> Column:
        """Return the instant in column `at` as the hotel's clock shows it."""
        zone = f.lit(self.timezone)
        for hotel, name in sorted(self.hotel_timezones.items()):
            zone = f.when(f.col("hotel_seq") == hotel, f.lit(name)).otherwise(zone)
        if not self.hotel_timezones:
            return f.from_utc_timestamp(f.col(at), self.timezone)
        return f.from_utc_timestamp(f.col(at), zone)


def known_orders(orders: DataFrame, as_of: dt.date, clocks: Clocks) -> DataFrame:
    """Return the orders as they were known when `as_of` ended.

    An order whose newest state is later was open then: its later times are null.

    Args:
        orders: Table `orders`.
        as_of: The last local date that counts.
        clocks: The hotels' clocks.

    Returns:
        One row an order: `hotel`, `order_seq`, `guest`, `stay`, `ordered_at`, `local_date`,
        `hour`, `weekday`, `stay_day`, `nights`, party, `state`, `wait_seconds`.
    """
    known = orders.where(f.to_date(clocks.local("reg_at")) <= f.lit(as_of))
    settled = f.to_date(clocks.local("state_at")) <= f.lit(as_of)
    left = f.when(f.to_date(clocks.local("check_out_at")) <= f.lit(as_of), f.col("check_out_at"))
    rows = known.withColumns(
        {
            "local_date": f.to_date(clocks.local("reg_at")),
            "hour": f.hour(clocks.local("reg_at")).cast("tinyint"),
            "arrived": f.to_date(clocks.local("check_in_at")),
            "state": f.when(settled, f.col("state")).otherwise("open"),
            "complete_at": f.when(settled, f.col("complete_at")),
            "leaves_at": f.coalesce(left, f.col("check_out_expected_at")),
        }
    )
    rows = rows.withColumn("leaves", f.to_date(clocks.local("leaves_at")))
    return rows.select(
        f.col("hotel_seq").alias("hotel"),
        "order_seq",
        f.col("guest_key").alias("guest"),
        _stay().alias("stay"),
        f.col("reg_at").alias("ordered_at"),
        "local_date",
        "hour",
        # Not weekday(): Sail 0.7 says -1 for Sundays.
        ((f.dayofweek("local_date") + 5) % 7).cast("tinyint").alias("weekday"),
        _days("local_date", "arrived").alias("stay_day"),
        _days("leaves", "arrived").alias("nights"),
        f.col("visit_adult_cnt").cast("smallint").alias("adults"),
        f.col("visit_child_cnt").cast("smallint").alias("children"),
        f.col("visit_baby_cnt").cast("smallint").alias("babies"),
        "state",
        _wait_seconds().alias("wait_seconds"),
    )


def known_lines(lines: DataFrame, known: DataFrame) -> DataFrame:
    """Return the lines of known orders, with what is known of the order beside them.

    Args:
        lines: Table `order_lines`.
        known: `known_orders`.

    Returns:
        One row a line: the columns of `known`, `line`, `item`, `item_name`, `department`,
        `quantity`, `price`, `revenue` (what was paid), `coupon`. The order's price is not among
        them: over lines it would be counted again and again.
    """
    paid = f.coalesce("result_price", f.col("price") * f.col("item_count"), f.lit(0))
    rows = lines.select(
        f.col("hotel_seq").alias("hotel"),
        "order_seq",
        "line",
        f.col("item_seq").alias("item"),
        "item_name",
        f.col("department_seq").alias("department"),
        f.col("item_count").alias("quantity"),
        "price",
        paid.alias("revenue"),
        f.col("coupon_seq").isNotNull().alias("coupon"),
    )
    return rows.join(known, ["hotel", "order_seq"], "inner")


def _stay() -> Column:
    """Name the stay by hotel, guest or room, and arrival; else by the order alone."""
    who = f.coalesce("guest_key", f.concat(f.lit("room-"), f.col("room_seq").cast("string")))
    stay = f.concat_ws(":", f.col("hotel_seq").cast("string"), who, f.col("arrived").cast("string"))
    alone = f.concat(
        f.col("hotel_seq").cast("string"), f.lit(":order-"), f.col("order_seq").cast("string")
    )
    return f.when(who.isNotNull() & f.col("arrived").isNotNull(), stay).otherwise(alone)


def _days(end: str, start: str) -> Column:
    days = f.datediff(end, start)
    return f.when((days >= 0) & (days < _MOST_DAYS), days).cast("smallint")


def _wait_seconds() -> Column:
    """Whole seconds from ordered to completed; null unless both are known and in order."""
    seconds = f.unix_seconds("complete_at") - f.unix_seconds("reg_at")
    return f.when((f.col("state") == "complete") & (seconds >= 0), seconds)
