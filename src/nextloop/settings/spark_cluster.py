"""The branch of the settings tree that Apache Spark's jobs and local cluster read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from nextloop.settings.group import Group, HomePath

Memory = Annotated[str, Field(pattern=r"^[1-9]\d*[mg]$")]


class SparkClusterSettings(Group):
    """What a job asks of Apache Spark, and the cluster that `nextloop spark-cluster` starts."""

    driver_memory: Memory | None = Field(
        default=None, description="Of the driver's JVM (2g); Python's own is beside it"
    )
    executor_memory: Memory | None = Field(
        default=None, description="Of each executor's JVM (1g); its Pythons' are beside it"
    )
    executor_cores: int | None = Field(
        default=None, ge=1, description="Of each executor; all of its worker's if not set"
    )
    cores: int | None = Field(
        default=None, ge=1, description="That a job takes of the cluster; all if not set"
    )
    shuffle_partitions: int | None = Field(
        default=None, ge=1, description="Parts of what is sorted and joined (8)"
    )
    python: Path | None = Field(
        default=None, description="Python of the workers' machines, where it is another path there"
    )
    wait_seconds: int = Field(
        default=120, ge=1, description="How long a job waits for the cluster's first executor"
    )
    folder: HomePath | None = Field(
        default=None,
        description="Record and logs of the started one; XDG_STATE_HOME/nextloop/spark if not set",
    )
    port: int = Field(default=7077, ge=1, le=65535, description="Its master's port")
    page_port: int = Field(default=7080, ge=1, le=65535, description="Port of its master's page")
    workers: int = Field(default=2, ge=1, le=64, description="How many workers it has")
    worker_cores: int | None = Field(
        default=None, ge=1, description="Of each worker; the machine's, shared out, if not set"
    )
    worker_memory: Memory = Field(default="2g", description="Of each worker, for its executors")
