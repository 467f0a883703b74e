"""The names of a job's stages, told to the engine: they stand beside its work in its pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.sql import SparkSession

_OF_A_GROUP = ("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel")


@contextmanager
def stage(spark: SparkSession, name: str) -> Iterator[None]:
    """Mark what the engine does meanwhile for this thread.

    Args:
        spark: The session.
        name: Such as `validation`: the operations' tag `nextloop-validation` on every engine, on
            Apache Spark the job group and description `validation` as well.
    """
    tag = f"nextloop-{name}"
    spark.addTag(tag)
    context: Any = None if _speaks_connect(spark) else spark.sparkContext
    if context:
        context.setJobGroup(name, name)
    try:
        yield
    finally:
        if context:
            for key in _OF_A_GROUP:
                context.setLocalProperty(key, None)
        spark.removeTag(tag)


def _speaks_connect(spark: SparkSession) -> bool:
    return type(spark).__module__.startswith("pyspark.sql.connect")
