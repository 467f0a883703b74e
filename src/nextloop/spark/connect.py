"""Sessions that speak Spark Connect: the embedded engine Sail, and servers anywhere."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from pyspark.sql import SparkSession

from nextloop.errors import SystemFault
from nextloop.spark.reaching import answers

_PORT: Final = 15002  # Spark Connect's own default
_CONFIGURATION: Final = {
    # Instants are stored as UTC; without this an engine shifts them to its machine's zone.
    "spark.sql.session.timeZone": "UTC",
}


@contextmanager
def embedded() -> Iterator[SparkSession]:
    """Start Sail in this process, and stop it.

    Raises:
        SystemFault: It does not answer.
    """
    os.environ.setdefault("RUST_LOG", "off")
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    address: Any = server.listening_address
    try:
        found = _connect(f"sc://{address[0]}:{address[1]}", {}, embedded=True)
        try:
            yield found
        finally:
            found.stop()
    finally:
        server.stop()


@contextmanager
def remote(url: str, options: Mapping[str, str]) -> Iterator[SparkSession]:
    """Open a session on a server; what is no session's configuration stays the server's.

    Raises:
        SystemFault: Nothing answers there.
    """
    _check_reachable(url)
    own = {name: value for name, value in options.items() if name.startswith("spark.sql.")}
    found = _connect(url, own)
    try:
        yield found
    finally:
        found.stop()


def _check_reachable(url: str) -> None:
    """Fail at once where nobody listens: the client would go on trying for ten minutes."""
    place = urlsplit(url.partition(";")[0])
    if problem := answers(place.hostname or "", place.port or _PORT):
        raise SystemFault(
            f"No Spark Connect server answers on {place.netloc} ({problem}).",
            "Check NEXTLOOP_SPARK, and that the server runs.",
        )


def _connect(url: str, options: Mapping[str, str], *, embedded: bool = False) -> SparkSession:
    try:
        builder = SparkSession.builder.remote(url)
        for name, value in {**options, **_CONFIGURATION}.items():
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
            # What stands behind the semicolon may be a token.
            f"The Spark Connect server {url.partition(';')[0]} did not answer "
            f"({type(error).__name__}).",
            "Check NEXTLOOP_SPARK, and that the server runs.",
        ) from error
    return found
