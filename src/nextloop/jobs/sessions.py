"""One session for a chain of jobs, or one for a job alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

from nextloop import spark as engines
from nextloop.settings import Settings


@contextmanager
def session_for(settings: Settings, open_one: SparkSession | None) -> Iterator[SparkSession]:
    """Use the open session, or open one on the settings' engine and close it afterwards."""
    if open_one is not None:
        yield open_one
        return
    with engines.session(settings.spark) as opened:
        yield opened
