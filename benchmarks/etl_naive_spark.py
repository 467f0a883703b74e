"""The Spark job that people write first: the rival that `etl.py` measures.

Schema inference, a Python UDF for the JSON, a `count()` after each step. Called as
`python etl_naive_spark.py LANDING OUT`.
"""

from __future__ import annotations

import json
import sys

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as f
from pyspark.sql.types import ArrayType, LongType, StringType, StructField, StructType

LINES = ArrayType(
    StructType(
        [
            StructField("itemSeq", LongType()),
            StructField("count", LongType()),
            StructField("itemName", StringType()),
            StructField("departmentSeq", LongType()),
            StructField("price", LongType()),
            StructField("resultPrice", LongType()),
            StructField("couponSeq", LongType()),
        ]
    )
)


@f.udf(LINES)
def parse(text: str | None) -> list[dict[str, object]] | None:
    """Parse one order's contents in Python."""
    if text is None:
        return None
    found = json.loads(text)
    return [found] if isinstance(found, dict) else found


def main(landing: str, out: str) -> None:
    """Read, parse, keep the newest state, explode, write; count after each step."""
    spark = (
        SparkSession.builder.master("local[2]")
        .appName("naive")
        .config("spark.driver.memory", "4g")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    raw = spark.read.csv(
        f"{landing}/*.csv",
        header=True,
        inferSchema=True,
        multiLine=True,
        quote='"',
        escape='"',
        nullValue="\\N",
    )
    raw.count()
    parsed = raw.withColumn("items", parse("contents"))
    parsed.count()
    newest = Window.partitionBy("hotel_seq", "order_seq").orderBy(
        f.greatest("reg_date", "check_date", "refuse_date", "complete_date").desc()
    )
    orders = parsed.withColumn("place", f.row_number().over(newest)).where("place = 1")
    orders.count()
    orders = orders.withColumn("order_week", f.date_trunc("week", "reg_date").cast("date"))
    lines = orders.select(
        "hotel_seq", "order_seq", "order_week", f.explode("items").alias("item")
    ).select("hotel_seq", "order_seq", "order_week", "item.*")
    lines.count()
    kept = orders.drop("items", "contents", "room_name", "customer_name", "place")
    kept.write.partitionBy("order_week").parquet(f"{out}/orders")
    lines.write.partitionBy("order_week").parquet(f"{out}/order_lines")
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
