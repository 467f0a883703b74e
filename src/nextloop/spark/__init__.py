"""Which engine runs the transformations, and the cluster that this machine can be.

In: the settings. Out: a Spark session; nothing above this package knows what answers it.
"""

from __future__ import annotations

from nextloop.spark.configuration import configuration, task_environment
from nextloop.spark.engine import session
from nextloop.spark.failing import worker_fault
from nextloop.spark.stages import stage

__all__ = ["configuration", "session", "stage", "task_environment", "worker_fault"]
