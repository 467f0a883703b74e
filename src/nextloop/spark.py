"""The Spark session for the engine that the settings name.

`sail` runs in this process and needs no Java; `local[N]` and `spark://host:port` are Apache
Spark; `sc://host:port` is any Spark Connect server. The transformations are the same for all.
"""

from __future__ import annotations

import atexit
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from pyspark.sql import SparkSession
from pyspark.util import is_remote_only

from nextloop.errors import SystemFault

_CONNECT_PORT: Final = 15002  # Spark Connect's own default
_REACH_SECONDS: Final = 5.0
_CONFIGURATION: Final = {
    # Instants are stored as UTC; without this an engine shifts them to its machine's zone.
    "spark.sql.session.timeZone": "UTC",
}
_APACHE_CONFIGURATION: Final = {
    **_CONFIGURATION,
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "8",
    "spark.driver.memory": "2g",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.log.level": "ERROR",
}


@contextmanager
def session(engine: str) -> Iterator[SparkSession]:
    """Open a session on an engine and close it, with what was started for it.

    Args:
        engine: `sail`, `local[N]`, `spark://host:port` or `sc://host:port`.

    Raises:
        SystemFault: The engine cannot be started or reached.
    """
    if engine == "sail":
        with _sail() as found:
            yield found
        return
    if engine.startswith("sc://"):
        _check_reachable(engine)
    found = _connect(engine) if engine.startswith("sc://") else _apache(engine)
    try:
        yield found
    finally:
        found.stop()


@contextmanager
def _sail() -> Iterator[SparkSession]:
    os.environ.setdefault("RUST_LOG", "off")
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    address: Any = server.listening_address
    try:
        found = _connect(f"sc://{address[0]}:{address[1]}", embedded=True)
        try:
            yield found
        finally:
            found.stop()
    finally:
        server.stop()


def _check_reachable(url: str) -> None:
    """Fail at once where nobody listens: the client would go on trying for ten minutes."""
    place = urlsplit(url.partition(";")[0])
    try:
        port = place.port or _CONNECT_PORT
        socket.create_connection((place.hostname or "", port), _REACH_SECONDS).close()
    except OSError as error:
        raise SystemFault(
            f"No Spark Connect server answers on {place.netloc} ({error.strerror or error}).",
            "Check NEXTLOOP_SPARK, and that the server runs.",
        ) from error


def _connect(url: str, *, embedded: bool = False) -> SparkSession:
    try:
        builder = SparkSession.builder.remote(url)
        for name, value in _CONFIGURATION.items():
            builder = builder.config(name, value)
        found: SparkSession = builder.create()
        untyped: Any = found
        if embedded:
            # Ctrl-C may end the server before this process: do not go on asking it for minutes.
            untyped.client.set_retry_policies([])
            untyped.release_session_on_close = False
        # At exit the client would ask the server, gone by then, to empty a cache that nothing
        # here fills, and retry for ten minutes.
        atexit.unregister(untyped.client._cleanup_ml_cache)  # noqa: SLF001
        found.range(1).count()
    except Exception as error:
        raise SystemFault(
            f"The Spark Connect server {url} did not answer ({type(error).__name__}).",
            "Check NEXTLOOP_SPARK, and that the server runs.",
        ) from error
    return found


def _apache(master: str) -> SparkSession:
    if is_remote_only():
        raise SystemFault(
            f"NEXTLOOP_SPARK is {master}, and Apache Spark is not installed.",
            "Install requirements/spark.txt and Java 17, or use NEXTLOOP_SPARK=sail.",
        )
    # A Connect session leaves this behind, and a classic one in the same process refuses it.
    # Only here: a Connect session that is open elsewhere in the process still needs it.
    os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)
    # Workers must run this environment's Python, not the first one on the path.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("nextloop")
    for name, value in _APACHE_CONFIGURATION.items():
        builder = builder.config(name, value)
    try:
        found: SparkSession = builder.getOrCreate()
    except Exception as error:
        raise SystemFault(
            f"Apache Spark did not start on {master} ({type(error).__name__}).",
            "Check that Java 17 is installed (java -version) and that the master runs.",
        ) from error
    return found
