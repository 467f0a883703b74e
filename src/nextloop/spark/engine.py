"""The Spark session for the engine that the settings name.

`sail` runs in this process and needs no Java; `local[N]` and `spark://host:port` are Apache
Spark; `sc://host:port` is any Spark Connect server. The transformations are the same for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyspark.sql import SparkSession

from nextloop.spark import apache, connect


@contextmanager
def session(engine: str, options: Mapping[str, str] | None = None) -> Iterator[SparkSession]:
    """Open a session on an engine and close it, with what was started for it.

    Args:
        engine: `sail`, `local[N]`, `spark://host:port` or `sc://host:port`.
        options: Spark configuration by name, such as `configuration(settings)`. Apache Spark
            takes all of it, a Spark Connect server what is a session's (`spark.sql.*`), Sail none.

    Raises:
        SystemFault: The engine cannot be started or reached.
    """
    wanted = dict(options or {})
    if engine == "sail":
        opened = connect.embedded()
    elif engine.startswith("sc://"):
        opened = connect.remote(engine, wanted)
    else:
        opened = apache.classic(engine, wanted)
    with opened as found:
        yield found
