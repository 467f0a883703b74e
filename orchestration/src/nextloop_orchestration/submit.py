"""The same steps on a Spark cluster: the command as the driver of a spark-submit in client mode.

Comes in: NEXTLOOP_SPARK=spark://host:port. Goes out: what `operators` gives. A standalone cluster
takes Python applications in client mode only, so the driver is here and dies with the task; there
is nothing to reconnect to, and the Delta commit sees to it that a late attempt publishes nothing.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import Connection, Context
from airflow.sdk.exceptions import AirflowException

from nextloop_orchestration import command, spark_application
from nextloop_orchestration.command import Outcome
from nextloop_orchestration.operators import NextLoopOperator
from nextloop_orchestration.surroundings import KEY_FILE

ENGINE = "NEXTLOOP_SPARK"
_CLUSTER = "spark://"
_JARS, _PACKAGES = "spark.jars", "spark.jars.packages"
_DRIVER_MEMORY = "2g"  # as nextloop.spark.configuration


def on_cluster() -> bool:
    """Tell whether the settings name a Spark cluster."""
    return os.environ.get(ENGINE, "").startswith(_CLUSTER)


class SubmitHook(SparkSubmitHook):
    """Spark's hook for the cluster that the project's settings name.

    Args:
        master: Such as spark://host:7077; no connection is needed for it.
        variables: The whole environment of spark-submit.
        folder: Where it runs; here if None.
    """

    def __init__(
        self, *, master: str, variables: dict[str, str], folder: str | None, **kwargs: Any
    ) -> None:
        self.master, self.variables, self.folder = master, variables, folder
        super().__init__(**kwargs)

    def get_connection(self, conn_id: str) -> Connection:  # type: ignore[override]
        """Give the cluster as the connection that the hook asks for."""
        return Connection(conn_id=conn_id, conn_type="spark", host=self.master)

    def submit(self, application: str = "", **kwargs: Any) -> str | None:
        """Submit in an environment without Airflow's variables, in a group that ends with us."""
        options = {"env": self.variables, "cwd": self.folder, "start_new_session": True}
        try:
            done: str | None = super().submit(application, **options, **kwargs)
        finally:
            if self._submit_sp is not None:
                self._submit_sp.stdout.close()
        return done

    def _get_spark_binary_path(self) -> list[str]:
        return command.leash_of(self._connection["spark_binary"])

    def on_kill(self) -> None:
        """End spark-submit and the driver that it has started."""
        if self._submit_sp is not None:
            command.end_group(self._submit_sp)

    @property
    def ended(self) -> bool:
        """Whether spark-submit has run and ended."""
        return self._submit_sp is not None and self._submit_sp.returncode is not None

    def outcome(self, name: str, report: Path) -> Outcome:
        """Tell how the driver ended.

        Raises:
            AirflowException: It was not started.
        """
        if self._submit_sp is None:
            raise AirflowException("spark-submit was not started.")
        with report.open("rb") as stream:
            found = command.parsed(stream)
        said = command.what_is_wrong(list(self._last_submit_log_lines))
        return Outcome(name, self._submit_sp.returncode, found, said)


class NextLoopSubmitOperator(NextLoopOperator, SparkSubmitOperator):  # type: ignore[misc] # execute
    """Run a command as `NextLoopOperator` does, as the driver of a Spark application."""

    template_fields: Sequence[str] = ("arguments",)

    def __init__(self, *, arguments: Sequence[str], **kwargs: Any) -> None:
        super().__init__(
            arguments=arguments,
            application=spark_application.__file__,
            name=f"nextloop {arguments[0]}",
            verbose=False,
            **kwargs,
        )

    def run_command(self, context: Context) -> Outcome:
        """Submit the command and wait for its end."""
        with tempfile.TemporaryDirectory(prefix="nextloop-") as folder, self._key() as key:
            report = Path(folder) / "report.json"
            report.touch(mode=0o600)
            self.application_args = [str(report), *self.arguments, "--json"]
            self._hook = hook = self._hook_with(key)
            self.check_alive()
            try:
                SparkSubmitOperator.execute(self, context)
            except AirflowException:
                if not hook.ended:
                    raise  # else the exit code tells more
            return hook.outcome(f"nextloop {self.arguments[0]}", report)

    def on_kill(self) -> None:
        """End spark-submit; Airflow calls it when a task is killed or takes too long."""
        self._killed = True
        if self._hook is not None:
            self._hook.on_kill()

    def _hook_with(self, key_file: str | None) -> SubmitHook:
        python = str(Path(self.program).with_name("python"))
        variables = self.found.variables | ({KEY_FILE: key_file} if key_file else {})
        variables |= {"PYSPARK_DRIVER_PYTHON": python}
        return SubmitHook(
            master=self.project["spark"],
            variables={"PYSPARK_PYTHON": python} | variables,
            folder=self.options.folder or None,
            spark_binary=self.spark_submit,
            application_args=self.application_args,
            conf=self._jars(),
            driver_memory=self.project["spark_cluster.driver_memory"] or _DRIVER_MEMORY,
            name=self.name,
        )

    @cached_property
    def spark_submit(self) -> str:
        """The project's spark-submit, as a path."""
        beside = str(Path(self.program).with_name("spark-submit"))
        return command.find(self.options.spark_submit or beside, "spark_submit")

    def _jars(self) -> dict[str, str]:
        """Name the connector for gs://: a driver that already runs can add no jars."""
        if not self.buckets:
            return {}
        connector = self.project["gcs.connector"]
        return {_JARS if connector.endswith(".jar") else _PACKAGES: connector}

    @contextmanager
    def _key(self) -> Iterator[str | None]:
        """Give the key as a file without a place on any disk: it is gone when this process is.

        spark-submit does not pass its standard input on to the driver.
        """
        if self.found.key is None:
            yield None
            return
        memory = os.memfd_create("key")
        try:
            os.fchmod(memory, 0o600)
            os.write(memory, self.found.key)
            yield f"/proc/{os.getpid()}/fd/{memory}"
        finally:
            os.close(memory)
