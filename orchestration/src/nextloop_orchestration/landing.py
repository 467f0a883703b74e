"""What lies in the landing: listed for the run's log before anything is read.

Comes in: the project's `landing`, a folder or gs://bucket/path. Goes out: the order files' names.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from airflow.providers.google.cloud.hooks.gcs import GCSHook
from airflow.sdk.exceptions import AirflowFailException

SUFFIXES = (".csv", ".csv.gz")
_SHOWN = 50


def order_files(place: str, google_connection: str, folder: str = "") -> list[str]:
    """List the landing's order files by name, folders below it too.

    Args:
        place: A folder, file:///folder or gs://bucket/path.
        google_connection: Id of the connection for gs://.
        folder: What a relative place is relative to; where Airflow runs if empty.

    Raises:
        AirflowFailException: There is no such folder, or no order file in it.
    """
    found = sorted(
        name
        for name in (_objects if place.startswith("gs://") else _files)(
            place, google_connection if place.startswith("gs://") else folder
        )
        if _is_order_file(name)
    )
    if not found:
        raise AirflowFailException(
            f"The landing {place} holds no order file ({' or '.join(SUFFIXES)}). "
            "Put the hotels' weekly files there, then clear this task."
        )
    return found


def summary(files: list[str]) -> dict[str, object]:
    """Say of a list what fits an XCom: how many, and the last ones by name."""
    return {"files": len(files), "last": files[-_SHOWN:]}


def _objects(place: str, google_connection: str) -> list[str]:
    bucket, _, prefix = place.removeprefix("gs://").partition("/")
    start = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    names = GCSHook(gcp_conn_id=google_connection).list(bucket, prefix=start)
    return [name.removeprefix(start) for name in names]


def _files(place: str, folder: str) -> list[str]:
    path = unquote(urlsplit(place).path) if place.startswith("file://") else place
    root = Path(folder, path).absolute()
    if not root.is_dir():
        raise AirflowFailException(
            f"The landing {root} is not a folder. Set NEXTLOOP_LANDING where Airflow's tasks run."
        )
    return [
        str(Path(at, name).relative_to(root)) for at, _, names in os.walk(root) for name in names
    ]


def _is_order_file(name: str) -> bool:
    base = name.rpartition("/")[2]
    return base.lower().endswith(SUFFIXES) and not base.startswith(".")
