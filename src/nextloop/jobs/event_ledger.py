"""Files of events in the ledger of landing files, beside the order files."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from nextloop.storage import delta
from nextloop.storage.lake import Lake
from nextloop.storage.landing import LandingFile
from nextloop.storage.slices import write_slice
from nextloop.tables import LANDING_FILES


@dataclass(frozen=True)
class Counted:
    """What became of a file's lines.

    Attributes:
        file: The file.
        revision: 1, or more when its name came again with other bytes.
        events: Lines that were not blank.
        accepted: Of them events that came for the first time.
        rejected: Of them none that can be read.
    """

    file: LandingFile
    revision: int
    events: int
    accepted: int
    rejected: int

    @property
    def doubles(self) -> int:
        """Events that came before."""
        return self.events - self.accepted - self.rejected


def new_run_id() -> str:
    """Name a batch: when it began, and what no other has."""
    return f"events-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def revision(name: str, known: Sequence[Mapping[str, Any]]) -> int:
    """Return 1 for a new name, and one more for each other content that came under it."""
    return 1 + max((row["file_revision"] for row in known if row["file_name"] == name), default=0)


def record(lake: Lake, run_id: str, versions: Mapping[str, int], counted: Sequence[Counted]) -> int:
    """Write a batch into the ledger: from here on its files are taken in.

    Args:
        lake: The lake.
        run_id: The batch.
        versions: Of the tables that the ledger vouches for, after the batch; of itself, before.
        counted: Its files.

    Returns:
        The ledger's version.

    Raises:
        Overtaken: Another run was faster.
    """
    after = {
        f"{name}_version": version
        for name, version in versions.items()
        if f"{name}_version" in LANDING_FILES.schema.names
    }
    same = {**after, "run_id": run_id, "recorded_at": dt.datetime.now(dt.UTC)}
    rows = pa.Table.from_pylist([_row(file) | same for file in counted], LANDING_FILES.schema)
    written = write_slice(lake.folder(LANDING_FILES.name), LANDING_FILES, run_id, rows)
    return delta.publish(lake, LANDING_FILES, [written], run_id, versions[LANDING_FILES.name])


def _row(counted: Counted) -> dict[str, object]:
    return {
        "file_name": counted.file.name,
        "file_revision": counted.revision,
        "file_sha256": counted.file.sha256,
        "file_mark": counted.file.mark,
        "file_bytes": counted.file.size,
        "outcome": "ingested",
        "reason": None,
        "rows_in": counted.events,
        "accepted": counted.accepted,
        "rejected": counted.rejected,
        "superseded": counted.doubles,
        "replaced": 0,
        "first_reg_at": None,
        "last_reg_at": None,
    }
