"""One session for a chain of jobs, or one for a job alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from nextloop import spark as engines
from nextloop.errors import SystemFault
from nextloop.settings import Settings
from nextloop.storage import gcs_options
from nextloop.storage.places import is_bucket


@contextmanager
def session_for(settings: Settings, open_one: SparkSession | None) -> Iterator[SparkSession]:
    """Use the open session, or open one on the settings' engine and close it afterwards.

    Raises:
        SystemFault: The engine cannot be started, or failed while it was used.
    """
    options = engines.configuration(settings)
    variables: dict[str, str] = {}
    if is_bucket(settings.lake) or is_bucket(settings.landing):
        variables = gcs_options.environment()
        options |= gcs_options.spark_options(settings.gcs.connector)
        options |= engines.task_environment(variables)
    try:
        # The embedded engine is this process; tasks elsewhere are told by the options.
        with _environment(variables):
            if open_one is not None:
                yield open_one
                return
            with engines.session(settings.spark, options) as opened:
                yield opened
    except PySparkException as error:
        raise _fault(error, settings) from error


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _fault(error: PySparkException, settings: Settings) -> SystemFault:
    """Say what failed in the engine, without its tasks' texts, which may hold a row's values."""
    text = str(error)
    if "Errno 28" in text or "No space left" in text:
        return SystemFault(
            f"The disk of the lake {settings.lake} is full; nothing of this run shows.",
            "Free space, then run it again.",
        )
    if fault := engines.worker_fault(text):
        return fault
    named = re.findall(r"^(?:\w+\.)*(\w+(?:Error|Exception))\b", text, re.MULTILINE)
    engine = settings.spark.partition(";")[0]  # a token may follow
    return SystemFault(
        f"The engine {engine} failed ({named[-1] if named else type(error).__name__}); "
        "nothing of this run shows.",
        "Run it again with --debug to see why.",
    )
