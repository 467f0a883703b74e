"""Sessions of Apache Spark itself: in this process's JVM, or with executors on a cluster."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from pyspark.sql import SparkSession
from pyspark.util import is_remote_only

from nextloop.errors import SystemFault
from nextloop.spark import java
from nextloop.spark.configuration import (
    AT_LAUNCH,
    DEFAULTS,
    DRIVER_MEMORY,
    PYTHON,
    WAIT,
    code_path,
    python_of,
)
from nextloop.spark.reaching import addresses, answers, is_here

_QUIET: Final = frozenset({"ERROR", "FATAL", "OFF"})
_WAIT_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 0.2


@contextmanager
def classic(master: str, options: Mapping[str, str]) -> Iterator[SparkSession]:
    """Open a session, and end it with its JVM; one that is open in this process is used instead.

    Args:
        master: `local[N]` or `spark://host:port`. A spark-submit's own master counts more.
        options: Spark configuration.

    Raises:
        SystemFault: It did not start, or the cluster does not answer or gives no executor.
    """
    check_installed(master)
    from pyspark import SparkContext

    if SparkContext._active_spark_context is not None:  # noqa: SLF001 there is no other way to ask
        yield SparkSession.builder.getOrCreate()
        return
    _check_reachable(master)
    # A Connect session leaves this behind, and a classic one in the same process refuses it.
    # Only here: a Connect session that is open elsewhere in the process still needs it.
    os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)
    wanted = {**options, **code_path(master)}
    shown = wanted.get("spark.log.level", "ERROR") not in _QUIET
    with java.gateway(_launching(wanted), _variables(master), show=shown) as gateway:
        context = _context(master, wanted, gateway)
        try:
            if addresses(context.master):
                _await_executor(context, float(wanted.get(WAIT, _WAIT_SECONDS)))
            found = SparkSession(context)
            try:
                with _interrupting(context):
                    yield found
            finally:
                found.stop()
        finally:
            context.stop()  # again, if it got as far as a session: that does no harm


def check_installed(wanted_by: str) -> None:
    """Fail with advice where only Spark's client is installed.

    Raises:
        SystemFault: Apache Spark is not there.
    """
    if is_remote_only():
        raise SystemFault(
            f"{wanted_by} needs Apache Spark, which is not installed.",
            "Install requirements/spark.txt and Java 17, or use NEXTLOOP_SPARK=sail.",
        )


def _check_reachable(master: str) -> None:
    """Fail at once where nobody listens: Spark would go on trying for a minute."""
    problems = [answers(host, port) for host, port in addresses(master)]
    if problems and all(problems):
        raise SystemFault(
            f"No Apache Spark master answers on {master} ({problems[0]}).",
            "Start one: nextloop spark-cluster up. Or check NEXTLOOP_SPARK.",
        )


def _launching(options: Mapping[str, str]) -> dict[str, str]:
    """Pick what the JVM has to be started with: the rest would show in the list of processes."""
    named = {
        name: value
        for name, value in options.items()
        if name.startswith(("spark.driver.", "spark.jars"))
    }
    return {**AT_LAUNCH, **named}


def _variables(master: str) -> dict[str, str]:
    """Bind what runs for this machine alone to its loopback; leave defaults to Spark's files."""
    found = {"SPARK_DRIVER_MEMORY": DRIVER_MEMORY, "SPARK_LAUNCHER_OPTS": "-XX:TieredStopAtLevel=1"}
    return {**found, "SPARK_LOCAL_IP": "127.0.0.1"} if is_here(master) else found


def _context(master: str, options: Mapping[str, str], gateway: Any) -> Any:
    from pyspark import SparkConf, SparkContext

    conf = SparkConf(_jvm=gateway.jvm)
    if not (java.is_submitted() and conf.contains("spark.master")):
        conf.setMaster(master)
    conf.setAppName("nextloop")
    if is_here(conf.get("spark.master") or ""):
        conf.setIfMissing("spark.driver.host", "127.0.0.1")
    for name, value in options.items():
        if name not in {PYTHON, WAIT} and not name.startswith("spark.jars"):
            conf.set(name, value)
    for name, value in DEFAULTS.items():
        conf.setIfMissing(name, value)
    with _python(python_of(options)), _own_interrupt():
        try:
            return SparkContext(conf=conf, gateway=gateway)
        except Exception as error:
            raise SystemFault(
                f"Apache Spark did not start on {master} ({type(error).__name__}).",
                "Check that the master runs and that its secret and version are ours; run it "
                "again with --debug to see more.",
            ) from error


@contextmanager
def _python(path: str) -> Iterator[None]:
    """Let the tasks run that Python: PySpark takes it from the environment as it starts."""
    before = os.environ.get("PYSPARK_PYTHON")
    os.environ["PYSPARK_PYTHON"] = path
    try:
        yield
    finally:
        del os.environ["PYSPARK_PYTHON"]
        if before is not None:
            os.environ["PYSPARK_PYTHON"] = before


@contextmanager
def _interrupting(context: Any) -> Iterator[None]:
    """Let Ctrl-C end the engine's work as well: PySpark waits for it before it lets go."""
    pressed = threading.Event()
    with _own_interrupt():
        before = signal.getsignal(signal.SIGINT)

        def interrupt(number: int, frame: FrameType | None) -> None:
            pressed.set()
            # From a thread with a way of its own to the JVM: this one's is waiting for an answer.
            threading.Thread(target=context.cancelAllJobs, daemon=True).start()
            if callable(before):
                before(number, frame)

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        except Exception as error:
            if pressed.is_set():  # the work that was ended fails, in whatever words
                raise KeyboardInterrupt from error
            raise


@contextmanager
def _own_interrupt() -> Iterator[None]:
    """Keep the process's own answer to Ctrl-C: PySpark puts one in its place, for ever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _await_executor(context: Any, seconds: float) -> None:
    """Wait until the cluster has given us something to run tasks on: Spark would wait for ever."""
    until = time.monotonic() + seconds
    while (executors := _executors(context)) == 0:
        if time.monotonic() > until:
            raise SystemFault(
                f"{context.master} gave no executor within {seconds:.0f} seconds: its workers are "
                "gone, busy, or smaller than what is asked of them.",
                "Look at nextloop spark-cluster status or the master's page; "
                "NEXTLOOP_SPARK_CLUSTER__EXECUTOR_MEMORY says what is asked.",
            )
        time.sleep(_LOOK_SECONDS)
    if executors is None:
        raise SystemFault(
            f"{context.master} does not let us in.",
            "If nextloop spark-cluster started it: with the same user and the same "
            "NEXTLOOP_SPARK_CLUSTER__FOLDER. Else it has another secret or version: docs/scale.md.",
        )


def _executors(context: Any) -> int | None:
    """Count them; None if the master has turned us away, upon which Spark stops."""
    spark = context._jsc.sc()  # noqa: SLF001 Python's side does not tell
    driver_alone = 1
    try:
        found = int(spark.getExecutorMemoryStatus().size()) - driver_alone
    except Exception:
        if not spark.isStopped():
            raise
    return None if spark.isStopped() else found
