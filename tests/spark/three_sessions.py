"""Three sessions in one process: python -m tests.spark.three_sessions BARE MARK.

The first is interrupted while a task is at it, the second has a Python without packages (BARE) for
its tasks, the third is the embedded engine's. MARK is a file that says when to interrupt.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pyarrow as pa
from pyspark.sql import SparkSession

from nextloop import spark

BARE, MARK = sys.argv[1:]
MINUTES: Final = 600
SHOWN: Final = (
    "spark.sql.shuffle.partitions",
    "spark.sql.ansi.enabled",
    "spark.sql.session.timeZone",
    "spark.speculation",
    "spark.driver.host",
    "spark.log.level",
)


def children() -> list[int]:
    """The processes that this one has started and that are left."""
    return [
        int(pid)
        for task in Path("/proc/self/task").iterdir()
        for pid in (task / "children").read_text().split()
    ]


def given(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Tell what the task's environment holds."""
    for batch in batches:
        yield pa.RecordBatch.from_pydict({"value": [os.environ.get("GIVEN", "")] * len(batch)})


def stuck(mark: str) -> Any:
    """Make a task that says that it began and goes on for minutes."""

    def task(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        Path(mark).touch()
        time.sleep(MINUTES)
        yield from batches

    return task


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """What this process does on Ctrl-C."""
    raise KeyboardInterrupt


def press() -> None:
    """Press Ctrl-C when the task is at it."""
    while not Path(MARK).exists():
        time.sleep(0.1)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def facts(session: SparkSession) -> dict[str, Any]:
    """What a session is told, and what its JVM shows to others."""
    (jvm,) = children()
    try:
        rows = session.range(1).mapInArrow(given, "value string").toArrow()
        value = rows["value"][0].as_py()
    except Exception as error:  # noqa: BLE001 what it says is what is looked at
        value = str(error)
    return {
        "conf": {name: session.conf.get(name) for name in SHOWN},
        "value": value,
        "arguments": Path(f"/proc/{jvm}/cmdline").read_text("utf-8"),
        "environment": Path(f"/proc/{jvm}/environ").read_text("utf-8"),
    }


def main() -> None:
    """Live through all three."""
    signal.signal(signal.SIGINT, interrupt)
    told: dict[str, Any] = {}
    options = {"spark.sql.shuffle.partitions": "3", "spark.hadoop.our.token": "hush-hush"}
    options |= spark.task_environment({"GIVEN": "given"})
    try:
        with spark.session("local[2]", options) as session:
            told["ours"] = facts(session)
            threading.Thread(target=press).start()
            session.range(1).mapInArrow(stuck(MARK), "id long").toArrow()
    except KeyboardInterrupt:
        told["ours"] |= {"interrupted": True, "left": children()}
    told["ours"]["handler is ours"] = signal.getsignal(signal.SIGINT) is interrupt
    with spark.session("local[2]", {"spark.pyspark.python": BARE}) as session:
        told["bare"] = facts(session)
    told["bare"]["left"] = children()
    with spark.session("sail") as session:
        told["sail"] = session.range(7).count()
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
