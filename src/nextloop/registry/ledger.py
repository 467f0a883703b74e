"""Registry: the promotion ledger, an append-only Delta table that decides every version's state.

Comes in: changes that were decided on a ledger as it was read. Goes out: the same ledger with them
added, all or none, or `LedgerMoved` if anybody else added something meanwhile.

Two appends to a Delta table do not conflict by themselves. Here each commit carries the
application transaction `promotions`, and Delta refuses a commit when another one with that
transaction came between, so what was decided on an old state never gets in.

Source: https://github.com/delta-io/delta/blob/master/PROTOCOL.md#transaction-identifiers
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Final, Literal

import pyarrow as pa
from deltalake import CommitProperties, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from nextloop.errors import SystemFault
from nextloop.storage import delta
from nextloop.storage.lake import Lake
from nextloop.tables.promotions import PROMOTIONS

Action = Literal["stage", "unstage", "promote", "archive", "rollback"]
ALL_HOTELS: Final = "all"
_TRANSACTION: Final = "promotions"


class LedgerMoved(Exception):
    """Somebody else's change came first: read again, decide again."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of one version's state that is not recorded yet; see `tables.promotions`."""

    action: Action
    version: int
    previous_version: int | None = None
    model: str
    digest: str
    place: str
    created_at: datetime
    as_of_date: date
    metrics: str
    by: str
    reason: str
    hotel_group: str = ALL_HOTELS


@dataclass(frozen=True, kw_only=True)
class Entry(Change):
    """A recorded change."""

    sequence: int
    at: datetime


@dataclass(frozen=True)
class Ledger:
    """The ledger as of one moment.

    Attributes:
        lake: Where it lies.
        version: Of the Delta table; `delta.NO_VERSION` if there is none yet.
        entries: All changes, oldest first.
    """

    lake: Lake
    version: int
    entries: tuple[Entry, ...]

    @property
    def last(self) -> int:
        """Sequence of the newest change, 0 if there is none."""
        return self.entries[-1].sequence if self.entries else 0


def read(lake: Lake) -> Ledger:
    """Read the ledger.

    Args:
        lake: The lake.

    Returns:
        All changes so far; none if nothing was ever staged.
    """
    version = delta.version(lake, PROMOTIONS)
    if version == delta.NO_VERSION:
        return Ledger(lake, version, ())
    rows = delta.read(lake, PROMOTIONS, at=version).sort_by("sequence").to_pylist()
    return Ledger(lake, version, tuple(Entry(**row) for row in rows))


def append(ledger: Ledger, changes: Sequence[Change]) -> None:
    """Record changes in one commit.

    A commit may succeed and its answer be lost, as on a bucket whose connection breaks. So after
    any failure the ledger is read once more: if it holds just these rows, they are recorded.

    Args:
        ledger: The ledger that they were decided on, as read.
        changes: One or more, in order; their time is now.

    Raises:
        LedgerMoved: The ledger is not any more what it was; nothing was recorded.
        SystemFault: The lake cannot be written.
    """
    with _writing(ledger.lake):
        if ledger.version == delta.NO_VERSION:
            delta.create(ledger.lake, PROMOTIONS)
            now = read(ledger.lake)
            if now.entries:
                raise LedgerMoved
            ledger = now
        _commit(ledger, _entries(ledger, changes))


def copy(ledger: Ledger, to: Lake) -> None:
    """Write the same changes, with their numbers and times, where there is no ledger yet.

    Args:
        ledger: One or more changes, as read.
        to: Another lake.

    Raises:
        SystemFault: That lake cannot be written.
    """
    with _writing(to):
        delta.create(to, PROMOTIONS)
        _commit(read(to), ledger.entries)


@contextmanager
def _writing(lake: Lake) -> Iterator[None]:
    try:
        yield
    except (OSError, DeltaError) as refused:
        raise SystemFault(
            f"The ledger {lake.folder(PROMOTIONS.name)} cannot be written: {refused}",
            "Check the disk's space and who may write there; nothing was changed.",
        ) from refused


def metrics_text(metrics: Mapping[str, float]) -> str:
    """Write metrics as the ledger keeps them: JSON in order of names."""
    return json.dumps(dict(sorted(metrics.items())))


def _entries(ledger: Ledger, changes: Sequence[Change]) -> tuple[Entry, ...]:
    now = datetime.now(UTC)
    return tuple(
        Entry(**asdict(change), sequence=number, at=now)
        for number, change in enumerate(changes, ledger.last + 1)
    )


def _commit(ledger: Ledger, new: tuple[Entry, ...]) -> None:
    transaction = Transaction(_TRANSACTION, new[-1].sequence)
    try:
        write_deltalake(
            delta.opened(ledger.lake, PROMOTIONS, ledger.version),
            pa.Table.from_pylist([asdict(entry) for entry in new], schema=PROMOTIONS.schema),
            mode="append",
            commit_properties=CommitProperties(app_transactions=[transaction]),
        )
    except (OSError, DeltaError) as refused:
        if _holds(ledger.lake, new):
            return
        if isinstance(refused, CommitFailedError):
            raise LedgerMoved from refused
        raise


def _holds(lake: Lake, new: tuple[Entry, ...]) -> bool:
    """Tell whether just these rows are recorded; their time is theirs to the microsecond."""
    first, last = new[0].sequence, new[-1].sequence
    return tuple(e for e in read(lake).entries if first <= e.sequence <= last) == new
