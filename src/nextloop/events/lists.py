"""What became of each list of offers: shown lists joined with what was ordered of them.

In: rows of `events`. Out: one row a list that was shown, then the same added up by hotel, model
version, slot or day. A list is the answer with one `request_id` in one hotel. An event counts for
it when its item was shown in it; what was ordered beside it is told apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

LIST: Final = ["hotel_seq", "request_id"]
COLUMNS: Final = (*LIST, "item_seq", "kind", "at", "quantity", "revenue", "model_version", "slot")
"""Of `events`: what is read here."""
_OFFER: Final = [*LIST, "item_seq"]
_LATER: Final = ("added", "ordered", "refused")
_Z_95: Final = 1.959964


def lists(events: pa.Table, timezone_of: Callable[[int], str]) -> pa.Table:
    """Tell what became of each list.

    Args:
        events: Rows of `events`, with `COLUMNS` at least, in any order.
        timezone_of: Gives a hotel's time zone.

    Returns:
        One row a list, by day, hotel and request: `shown`, `added`, `ordered` and `refused` count
        its items, `hit` is whether any was ordered, `revenue` is what was paid for them,
        `unpriced` how often that was not told, `beside` what was paid for other items.
    """
    shown = events.filter(pc.equal(events["kind"], "shown"))
    offers = shown.group_by(_OFFER).aggregate([("at", "min")])
    found = offers.group_by(LIST).aggregate([("item_seq", "count"), ("at_min", "min")])
    found = found.rename_columns([*LIST, "shown", "shown_at"])
    found = _joined(found, _answered(events))
    later = events.filter(pc.not_equal(events["kind"], "shown"))
    of_list = later.join(offers.select(_OFFER), _OFFER, join_type="left semi")
    for kind in _LATER:
        found = _joined(found, _items(of_list, kind))
    ordered = pc.equal(of_list["kind"], "ordered")
    found = _joined(found, _paid(of_list.filter(ordered), "revenue", "unpriced"))
    beside = later.join(offers.select(_OFFER), _OFFER, join_type="left anti")
    beside = beside.filter(pc.equal(beside["kind"], "ordered"))
    found = _joined(found, _paid(beside, "beside", "beside_unpriced")).drop(["beside_unpriced"])
    for name in (*_LATER, "revenue", "unpriced", "beside"):
        at = found.column_names.index(name)
        found = found.set_column(at, name, pc.fill_null(found[name], 0))
    found = found.append_column("hit", pc.greater(found["ordered"], 0))
    found = found.append_column("day", _days(found, timezone_of))
    return found.sort_by([(name, "ascending") for name in ("day", *LIST)])


def _joined(left: pa.Table, right: pa.Table) -> pa.Table:
    return left.join(right, LIST, join_type="left outer")


def _answered(events: pa.Table) -> pa.Table:
    """Return which model version and slot gave each answer, by any event that names them."""
    found = events.group_by(LIST).aggregate([("model_version", "max"), ("slot", "max")])
    return found.rename_columns([*LIST, "model_version", "slot"])


def _items(events: pa.Table, kind: str) -> pa.Table:
    of_kind = events.filter(pc.equal(events["kind"], kind))
    found = of_kind.group_by(LIST).aggregate([("item_seq", "count_distinct")])
    return found.rename_columns([*LIST, kind])


def _paid(ordered: pa.Table, paid: str, unknown: str) -> pa.Table:
    missing = ordered.append_column("missing", pc.is_null(ordered["revenue"]).cast(pa.int64()))
    found = missing.group_by(LIST).aggregate([("revenue", "sum"), ("missing", "sum")])
    return found.rename_columns([*LIST, paid, unknown])


def _days(found: pa.Table, timezone_of: Callable[[int], str]) -> pa.Array:
    """Return the day on which each list was shown, by its hotel's clock."""
    hotels, moments = (found[name].to_pylist() for name in ("hotel_seq", "shown_at"))
    zones = {hotel: ZoneInfo(timezone_of(hotel)) for hotel in set(hotels)}
    days = [at.astimezone(zones[hotel]).date() for hotel, at in zip(hotels, moments, strict=True)]
    return pa.array(days, pa.date32())


def results(found: pa.Table, by: Sequence[str]) -> list[dict[str, Any]]:
    """Add lists up.

    Args:
        found: As `lists` gives them.
        by: Columns to tell apart, of `hotel_seq`, `model_version`, `slot` and `day`; none adds up
            all of them.

    Returns:
        One row a group, in its order; `hit_rate` is the share of lists of which something was
        ordered, `hit_rate_low` and `hit_rate_high` its 95 % interval.
    """
    sums = ("shown", "added", "ordered", "refused", "revenue", "unpriced", "beside")
    counted = found.set_column(
        found.column_names.index("hit"), "hit", found["hit"].cast(pa.int64())
    )
    wanted = [([], "count_all"), *((name, "sum") for name in ("hit", *sums))]
    groups = counted.group_by(list(by), use_threads=False).aggregate(wanted)
    if by:
        groups = groups.sort_by([(name, "ascending") for name in by])
    return [_result(row, by, sums) for row in groups.to_pylist()]


def _result(row: Mapping[str, Any], by: Sequence[str], sums: Sequence[str]) -> dict[str, Any]:
    lists_, hits = row["count_all"], row["hit_sum"] or 0
    low, high = wilson(hits, lists_)
    told = {name: row[f"{name}_sum"] or 0 for name in sums}
    return {
        **{name: row[name] for name in by},
        "lists": lists_,
        "hits": hits,
        "hit_rate": hits / lists_ if lists_ else None,
        "hit_rate_low": low,
        "hit_rate_high": high,
        **told,
        "revenue_per_list": told["revenue"] / lists_ if lists_ else None,
    }


def wilson(hits: int, of: int) -> tuple[float | None, float | None]:
    """Return a share's 95 % interval; none of nothing.

    Source: Wilson (1927), doi:10.1080/01621459.1927.10502953
    """
    if not of:
        return None, None
    share, square = hits / of, _Z_95**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z_95 / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of**2))
    return max(0.0, middle - half), min(1.0, middle + half)
