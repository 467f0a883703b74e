"""One file through the engine's reading task, in a process of its own: `FILE OUT BOUND`.

Prints the file's report.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
from tests.orders.conftest import rules_with

from nextloop.orders.staging import Doors, reading_task, task_path
from nextloop.storage.files import listed, local_copy, open_output
from nextloop.storage.slices import open_slice, read_slice


def main(path: str, out: str, bound: str) -> None:
    """Read the file as ingest does; `bound` is `orders.max_file_bytes`."""
    (mark,) = (found.mark for found in listed(str(Path(path).parent)) if found.path == path)
    task = {
        "path": task_path(path),
        "mark": mark,
        "file_name": "file",
        "file_revision": 1,
        "file_sha256": "ab",
        "rejected": None,
    }
    doors = Doors(local_copy, open_output, open_slice, read_slice)
    rules = rules_with(max_file_bytes=int(bound))
    read = reading_task(f"{out}/staging", f"{out}/rejected_rows", "r", rules, doors)
    for report in read([pa.RecordBatch.from_pylist([task])]):
        sys.stdout.write(f"{report['report'][0]}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
