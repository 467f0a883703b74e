"""Small files of events for tests, as the API spools and `nextloop events ship` brings them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson
from tests.order_files import KEY

from nextloop import settings
from nextloop.jobs import event_intake
from nextloop.jobs.event_intake import EventsReport
from nextloop.privacy import fingerprint
from nextloop.settings import Settings
from nextloop.storage import delta, files
from nextloop.storage.lake import Lake, create_lake
from nextloop.tables import EVENTS, LANDING_FILES, REJECTED_ROWS, Table

EVENT: dict[str, Any] = {
    "event_id": "e-1",
    "request_id": "9f6c0c0ae7d94d6f",
    "hotel_seq": 1,
    "item_seq": 103,
    "kind": "shown",
    "at": "2017-12-25T14:00:00+00:00",
    "received_at": "2017-12-25T14:00:01.250000+00:00",
}


def event(number: int, **changes: Any) -> dict[str, Any]:
    """An event that differs from others by its number."""
    return {**EVENT, "event_id": f"e-{number}", **changes}


SOME: list[dict[str, Any] | bytes] = [
    event(1),
    event(2, kind="ordered", revenue=16_000),
    b"broken",
    event(1),
    event(3),
]
"""Lines of one file: three events, one of them twice, and one that is none."""


def content(lines: Iterable[Mapping[str, Any] | bytes]) -> bytes:
    """A file of lines; text that is no event as it is."""
    texts = [line if isinstance(line, bytes) else orjson.dumps(line) for line in lines]
    return b"".join(text + b"\n" for text in texts)


class Told:
    """Files of events in, tables out, in a folder or a bucket."""

    def __init__(self, place: Path | str) -> None:
        self.place = str(place)
        self.settings: Settings = settings.load(
            {
                "landing": f"{place}/landing",
                "lake": f"{place}/lake",
                "privacy.guest_key": KEY,
            }
        )
        self.lake: Lake = create_lake(self.settings.lake, fingerprint(KEY.encode()))
        if isinstance(place, Path):
            (place / "landing").mkdir(exist_ok=True)

    def put(self, name: str, lines: Iterable[Mapping[str, Any] | bytes]) -> None:
        """Put a file of events into the landing."""
        self.put_bytes(f"events/{name}", content(lines))

    def put_bytes(self, name: str, text: bytes) -> None:
        """Put any file into the landing."""
        with files.open_output(f"{self.place}/landing/{name}") as stream:
            stream.write(text)

    def take_in(self) -> EventsReport:
        """Run the job."""
        return event_intake.take_in(self.settings)

    def rows(self, table: Table = EVENTS) -> list[dict[str, Any]]:
        """A table's rows in the order of its key."""
        found = delta.read(self.lake, table)
        rows: list[dict[str, Any]] = found.sort_by(
            [(name, "ascending") for name in table.key]
        ).to_pylist()
        return rows

    def ledger(self) -> dict[str, tuple[int, int, int, int]]:
        """Of each file: lines, accepted, doubles, rejected."""
        names = ("rows_in", "accepted", "superseded", "rejected")
        return {
            f"{row['file_name']}#{row['file_revision']}": tuple(row[name] for name in names)
            for row in self.rows(LANDING_FILES)
        }

    def versions(self) -> list[int]:
        """Newest version of each table that events go to."""
        tables = (EVENTS, REJECTED_ROWS, LANDING_FILES)
        return [delta.version(self.lake, table) for table in tables]
