"""Batch rules: does what a run is about to publish look like a batch of these hotels?

In: what is known of the batch and of the weeks before it. Out: findings in words and numbers. The
rules know no clock: a batch is compared with the weeks before its own, so that a week gives the
same findings whenever it is taken in, and one that is filled in later is not held to be late.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from nextloop.orders.file_report import FileReport
from nextloop.settings import BatchSettings

Hotels = Callable[[Collection[dt.date]], Mapping[dt.date, set[int]]]
Found = tuple[str, dict[str, Any]]
"""What is odd, in words and in numbers."""

_WEEK: Final = dt.timedelta(weeks=1)
_LEAST_WEEKS: Final = 4
"""With fewer weeks before it, nobody knows what a usual week is."""
_NAMED_HOTELS: Final = 5
_A_YEAR: Final = dt.timedelta(weeks=52)
_FEW: Final = 0.05
"""Of a batch's rows: mistyped dates are few, a season after a winter's pause is not."""


@dataclass(frozen=True)
class Batch:
    """The new files of a run, and the orders by week as they are and as they would be.

    Attributes:
        files: Reports of the new files that were read.
        before: Orders by week in the table that the run started from.
        after: Orders by week if the run is published.
        hotels: Finds the hotels that would have orders in some weeks.
        faulty: Names of files of which something was refused or rejected before.
    """

    files: Sequence[FileReport]
    before: Mapping[dt.date, int]
    after: Mapping[dt.date, int]
    hotels: Hotels
    faulty: Collection[str] = ()

    @cached_property
    def rows(self) -> Counter[dt.date]:
        """Rows of the batch by week."""
        found: Counter[dt.date] = Counter()
        for file in self.files:
            found.update({dt.date.fromisoformat(week): n for week, n in file.weeks.items()})
        return found

    def newest(self, future_weeks: int) -> dt.date | None:
        """Return the newest week that the batch is about.

        A week that has only begun, when the export is made in the middle of it, waits for the next
        batch: the one before it, of which the batch has more, is judged.
        """
        ahead = ahead_of_time(self, future_weeks)
        weeks = [week for week in self.rows if week not in ahead]
        if not weeks:
            return None
        last = max(weeks)
        return last - _WEEK if self.rows[last] * 2 < self.rows[last - _WEEK] else last


def volume(batch: Batch, rules: BatchSettings) -> Iterator[Found]:
    """Compare the newest week's orders with the median of the weeks before it."""
    week = batch.newest(rules.future_weeks)
    if week is None:
        return
    usual = [batch.after[past] for past in _before(week, rules.volume_weeks) if past in batch.after]
    if len(usual) < min(_LEAST_WEEKS, rules.volume_weeks):
        return
    orders, median = batch.after.get(week, 0), statistics.median(usual)
    ratio = orders / median
    if rules.volume_low <= ratio <= rules.volume_high:
        return
    bound = "volume_low" if ratio < rules.volume_low else "volume_high"
    told = (
        f"the week of {week} has {orders:,} orders, {ratio:.2f} times the median of "
        f"{median:,.0f} of {len(usual)} weeks before it (batch.{bound} is "
        f"{getattr(rules, bound):g})"
    )
    numbers = {"week": str(week), "orders": orders, "median": median, "weeks": len(usual)}
    yield told, numbers


def missing_hotel(batch: Batch, rules: BatchSettings) -> Iterator[Found]:
    """Find hotels that had orders in most of the weeks before and have none in the newest."""
    week = batch.newest(rules.future_weeks)
    if week is None:
        return
    past = [each for each in _before(week, rules.missing_hotel_weeks) if each in batch.after]
    if not past:
        return
    hotels = batch.hotels([week, *past])
    present = Counter(hotel for each in past for hotel in hotels.get(each, ()))
    usual = {hotel for hotel, weeks in present.items() if weeks * 2 >= len(past)}
    if gone := sorted(usual - hotels.get(week, set())):
        named = ", ".join(map(str, gone[:_NAMED_HOTELS]))
        more = f" and {len(gone) - _NAMED_HOTELS} more" if len(gone) > _NAMED_HOTELS else ""
        told = f"hotel {named}{more} had orders in the weeks before, none in the week of {week}"
        yield told, {"week": str(week), "hotels": gone}


def future_order(batch: Batch, rules: BatchSettings) -> Iterator[Found]:
    """Find orders that are dated long after all the others."""
    ahead = ahead_of_time(batch, rules.future_weeks)
    if not ahead:
        return
    first, orders = min(ahead), sum(batch.rows[week] for week in ahead)
    others = max(week for week in {*batch.before, *batch.rows} if week < first)
    weeks = (first - others) // _WEEK
    told = (
        f"{orders:,} of {sum(batch.rows.values()):,} orders are dated from the week of {first} on, "
        f"{weeks:,} weeks after the others (batch.future_weeks is {rules.future_weeks})"
    )
    yield told, {"week": str(first), "orders": orders, "weeks": weeks}


def rejected(batch: Batch, rules: BatchSettings) -> Iterator[Found]:
    """Find files of which too large a share is rejected."""
    for file in batch.files:
        if file.rejected > rules.rejected_limit * file.rows_in:
            told = (
                f"{file.file_name}: {file.rejected:,} of {file.rows_in:,} rows are rejected "
                f"({file.rejected / file.rows_in:.1%}; batch.rejected_limit is "
                f"{rules.rejected_limit:.1%})"
            )
            numbers = {"rejected": file.rejected, "rows": file.rows_in}
            yield told, {"file": file.file_name, **numbers}


def changed_file(batch: Batch, rules: BatchSettings) -> Iterator[Found]:  # noqa: ARG001 as the others
    """Find files whose name came before with other bytes, and with no fault to correct."""
    for file in batch.files:
        if file.file_revision > 1 and file.file_name not in batch.faulty:
            told = f"{file.file_name} came before with other bytes: revision {file.file_revision}"
            yield told, {"file": file.file_name, "revision": file.file_revision}


RULES: Final[Mapping[str, Callable[[Batch, BatchSettings], Iterator[Found]]]] = {
    "volume": volume,
    "missing_hotel": missing_hotel,
    "future_order": future_order,
    "rejected": rejected,
    "changed_file": changed_file,
}


def ahead_of_time(batch: Batch, most_weeks: int) -> set[dt.date]:
    """Return the batch's weeks that lie in the future of all the others.

    Weeks that follow each other closely belong together, from the middle of the batch and from the
    table's newest week on. What comes after a longer gap is ahead of time where it is little of
    the batch, or the gap is longer than a year.
    """
    if not batch.rows:
        return set()
    weeks, middle = sorted({*batch.before, *batch.rows}), _middle(batch.rows)
    last = _reach(middle, weeks, most_weeks)
    if batch.before:
        known = _reach(max(batch.before), weeks, most_weeks)
        last = known if middle - known > _A_YEAR else max(last, known)
    ahead = {week for week in batch.rows if week > last}
    few = sum(batch.rows[week] for week in ahead) <= _FEW * sum(batch.rows.values())
    return ahead if few or min(ahead, default=last) - last > _A_YEAR else set()


def _reach(week: dt.date, weeks: Sequence[dt.date], most_weeks: int) -> dt.date:
    """Go from a week to the last one that no longer gap lies before."""
    for each in weeks:
        if week < each <= week + most_weeks * _WEEK:
            week = each
    return week


def _middle(rows: Mapping[dt.date, int]) -> dt.date:
    """Return the week by which half of the rows were ordered."""
    half, taken = sum(rows.values()) / 2, 0
    for week in sorted(rows):
        taken += rows[week]
        if taken >= half:
            return week
    raise ValueError("no rows")


def _before(week: dt.date, weeks: int) -> list[dt.date]:
    return [week - _WEEK * back for back in range(1, weeks + 1)]
