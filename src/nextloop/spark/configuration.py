"""What a session of Apache Spark is told: the settings' wishes, and defaults that fit our jobs.

In: the settings. Out: Spark configuration by name. What the files of SPARK_CONF_DIR or a
spark-submit say counts more than the defaults here, and less than the settings.

Source: https://spark.apache.org/docs/4.1.0/configuration.html
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from nextloop.settings import Settings
from nextloop.spark.cluster.record import access
from nextloop.spark.reaching import is_here

PYTHON: Final = "spark.pyspark.python"
WAIT: Final = "nextloop.wait.seconds"
"""Ours, not Spark's: how long a session waits for the cluster's first executor."""

_TASK_VARIABLE: Final = "spark.executorEnv."

# A weekly batch is over before the optimising compiler of the JVM has paid for itself: 300,000
# orders on local[2] took 47 CPU seconds with it and 27 without.
_JAVA_OPTIONS: Final = "-XX:TieredStopAtLevel=1 -XX:+UseParallelGC"

DEFAULTS: Final = {
    # Instants are stored as UTC; without this an engine shifts them to its machine's zone.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Adaptive execution joins what is small; more than this only costs on one machine.
    "spark.sql.shuffle.partitions": "8",
    # One attempt at a time: files that tasks write carry their slice's name. See docs/scale.md.
    "spark.speculation": "false",
    "spark.task.maxFailures": "4",
    "spark.ui.enabled": "false",
    "spark.log.level": "ERROR",
    "spark.executor.defaultJavaOptions": _JAVA_OPTIONS,
}
AT_LAUNCH: Final = {
    "spark.driver.defaultJavaOptions": _JAVA_OPTIONS,
    # spark-submit turns it on for what it takes for a shell; the command line has its own.
    "spark.ui.showConsoleProgress": "false",
}
"""Defaults that the driver's JVM has to be started with."""
DRIVER_MEMORY: Final = "2g"


def configuration(settings: Settings) -> dict[str, str]:
    """Spell what the settings ask of Apache Spark.

    Returns:
        Spark configuration by name, for `session`; with a secret in it, if the cluster that
        `nextloop spark-cluster` started is meant: do not log it.
    """
    wanted = settings.spark_cluster
    asked = {
        "spark.driver.memory": wanted.driver_memory,
        "spark.executor.memory": wanted.executor_memory,
        "spark.executor.cores": wanted.executor_cores,
        "spark.cores.max": wanted.cores,
        "spark.sql.shuffle.partitions": wanted.shuffle_partitions,
        PYTHON: wanted.python,
        WAIT: wanted.wait_seconds,
        # Spark's own words are for whoever asks for them.
        "spark.log.level": "WARN" if settings.log_level == "debug" else None,
    }
    found = {name: str(value) for name, value in asked.items() if value is not None}
    return found | access(wanted.folder, settings.spark)


def task_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Spell variables that the tasks' processes are to have."""
    return {f"{_TASK_VARIABLE}{name}": value for name, value in variables.items()}


def code_path(master: str) -> dict[str, str]:
    """Let tasks on this machine import what the driver imports; elsewhere it must be installed."""
    if not is_here(master):
        return {}
    ours = Path(__file__).parents[2]
    installed = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    paths = [*([] if ours in installed else [str(ours)]), os.environ.get("PYTHONPATH", "")]
    found = os.pathsep.join(filter(None, paths))
    return task_environment({"PYTHONPATH": found} if found else {})


def python_of(options: Mapping[str, str]) -> str:
    """Name the Python that tasks run: the setting's, PYSPARK_PYTHON's, or this one."""
    return options.get(PYTHON) or os.environ.get("PYSPARK_PYTHON") or sys.executable
