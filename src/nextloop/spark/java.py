"""The driver's JVM: started, listened to when it fails, and ended with the session.

PySpark leaves its JVM running for the life of the process, and its words on the terminal. Here it
ends with the session, so that training has the memory, and its words are shown only on request.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from nextloop.errors import SystemFault

_STANDARD_ERROR: Final = 2
_END_SECONDS: Final = 15.0
_LAST_BYTES: Final = 64 * 1024
_SUBMITTED: Final = "PYSPARK_GATEWAY_PORT"  # spark-submit has started the JVM, and then us
# What a JVM says of why it ended, and what to do about it; the first that fits.
_REASONS: Final = (
    (r"UnsupportedClassVersionError", "its Java is too old", "Install Java 17."),
    (
        r"unresolved dependency|download failed|RuntimeException: \[.*not found",
        "a jar that it needs cannot be downloaded",
        "Check the network, or name a local .jar: NEXTLOOP_GCS__CONNECTOR.",
    ),
    (
        r"Could not reserve enough space|Cannot allocate memory|not enough space",
        "the machine has too little memory for it",
        "Set NEXTLOOP_SPARK_CLUSTER__DRIVER_MEMORY lower.",
    ),
    (r"Invalid (?:maximum|initial) heap size", "its memory is no size", "Write it as 2g or 512m."),
)


def is_submitted() -> bool:
    """Tell whether spark-submit started this process."""
    return _SUBMITTED in os.environ


def check_java() -> None:
    """Fail with advice where there is no Java.

    Raises:
        SystemFault: There is none.
    """
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=str(Path(home, "bin")) if home else None):
        return
    where = f"JAVA_HOME ({home})" if home else "PATH"
    raise SystemFault(
        f"There is no Java in {where}, and Apache Spark needs it.",
        "Install Java 17 (apt-get install openjdk-17-jre-headless), or use NEXTLOOP_SPARK=sail.",
    )


@contextmanager
def gateway(
    options: Mapping[str, str], variables: Mapping[str, str], *, show: bool
) -> Iterator[Any]:
    """Start a JVM and end it.

    Args:
        options: Spark configuration that it has to be started with; it shows in the machine's list
            of processes, so no secret may be among it.
        variables: Of its environment, beside this process's own.
        show: Let its words pass to standard error.

    Raises:
        SystemFault: It did not start.
    """
    from pyspark import SparkConf, SparkContext, java_gateway

    launch: Any = java_gateway.launch_gateway
    if is_submitted() or SparkContext._gateway is not None:  # noqa: SLF001 whoever started it ends it
        yield SparkContext._gateway or launch()  # noqa: SLF001
        return
    check_java()
    conf = SparkConf(loadDefaults=False)
    for name, value in options.items():
        conf.set(name, value)
    with tempfile.TemporaryFile() as heard:
        words = _STANDARD_ERROR if show else heard.fileno()
        try:
            with _environment(variables):
                found: Any = launch(conf, {"stdout": words, "stderr": words})
        except Exception as error:
            raise _did_not_start(heard) from error
        try:
            yield found
        finally:
            _end(found)
            SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001 the next starts its own


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Give what is started meanwhile some variables more, and none of our settings."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("NEXTLOOP_"):
            del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _end(found: Any) -> None:
    process: subprocess.Popen[bytes] = found.proc
    with suppress(Exception):  # it may be dead, which is what is wanted
        found.shutdown()
    if process.stdin:
        process.stdin.close()  # what it takes for the end of its driver
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _did_not_start(heard: IO[bytes]) -> SystemFault:
    heard.seek(0, os.SEEK_END)
    heard.seek(max(0, heard.tell() - _LAST_BYTES))
    said = heard.read().decode(errors="replace")
    for pattern, reason, advice in _REASONS:
        if re.search(pattern, said):
            return SystemFault(f"Apache Spark did not start: {reason}.", advice)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = next((line for line in lines if re.search(r"Exception|Error|error", line)), "")
    return SystemFault(
        f"Apache Spark did not start{f': {told[:200]}' if told else ''}.",
        "Check that Java 17 is installed (java -version); run it again with --debug to see more.",
    )
