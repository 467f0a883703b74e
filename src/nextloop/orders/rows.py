"""Typed orders from typed columns: instants in UTC, guest keys, state, flags, checked items.

In: a block's typed columns with its rows' line numbers. Out: the rows without a fault, as the
columns of `tables.ORDERS` and their items. Names end here: `room_name` and `customer_name` were
never read, `customer_seq` becomes a keyed hash.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextloop.orders.columns import Faults
from nextloop.orders.contract import LINE
from nextloop.orders.reasons import FLAGS
from nextloop.privacy import guest_keys
from nextloop.tables import ORDERS, UTC_TIME

STAGED: Final = pa.schema([*ORDERS.schema, pa.field("lines", pa.list_(LINE), nullable=False)])
"""One row an accepted landing row: `orders` with its items still inside."""

_DAY_SECONDS: Final = 24 * 3600
# Above any hotel's, and low enough that no sum over a week can leave 64 bits.
_MOST_PIECES: Final = 10_000
_MOST_MONEY: Final = 10**12
_MOST: Final = 10**18
_PERIODS: Final = ("waitingPeriod", "delayPeriod", "completePeriod")
_FLAG_LISTS: Final = pa.array(
    [
        [name for bit, name in enumerate(FLAGS) if mask >> bit & 1]
        for mask in range(2 ** len(FLAGS))
    ],
    pa.list_(pa.field("element", pa.string(), nullable=False)),
)


@dataclass(frozen=True)
class Rules:
    """What the settings say about reading rows; travels to the engine's tasks.

    Attributes:
        timezone: Of hotels that are not in `hotel_timezones`.
        hotel_timezones: Time zone by hotel_seq.
        states: State by the source's status in capitals.
        max_row_bytes: Longest row.
        max_file_bytes: Largest file, decompressed.
        key: The guest key; never shown.
    """

    timezone: str
    hotel_timezones: Mapping[int, str]
    states: Mapping[str, str]
    max_row_bytes: int
    max_file_bytes: int
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Source:
    """The landing file that rows came from, as the tables name it."""

    file_name: str
    file_revision: int
    file_sha256: str


def check_items(lines: pa.ListArray, texts: pa.ChunkedArray, faults: Faults) -> None:
    """Find the rows whose items are missing, broken or out of range."""
    broken = pc.and_(pc.is_null(lines), pc.is_valid(texts))
    faults.add(np.flatnonzero(np.asarray(broken)), "contents_not_json", "contents")
    lengths = pc.fill_null(pc.list_value_length(lines), 1)
    faults.add(np.flatnonzero(np.asarray(pc.equal(lengths, 0))), "contents_empty", "contents")
    items = lines.flatten()
    good = np.ones(len(items), bool)
    for name, low, high, required in (
        ("itemSeq", 0, _MOST, True),
        ("count", 1, _MOST_PIECES + 1, True),
        ("freeCount", 0, _MOST_PIECES + 1, False),
        ("price", 0, _MOST_MONEY, False),
        ("resultPrice", 0, _MOST_MONEY, False),
        *((name, -_MOST, _MOST, False) for name in ("departmentSeq", "couponSeq")),
        *((name, -float(_MOST), float(_MOST), False) for name in _PERIODS),
    ):
        values = items.field(name)
        inside = pc.and_(pc.greater_equal(values, low), pc.less(values, high))
        good &= np.asarray(pc.fill_null(inside, not required))
    rows = np.asarray(pc.list_parent_indices(lines))[~good]
    faults.add(np.unique(rows), "contents_item", "contents")


def staged(
    typed: pa.Table, lines: pa.ListArray, line_numbers: pa.Array, source: Source, rules: Rules
) -> pa.Table:
    """Build the staged rows of a block.

    Args:
        typed: `columns.typed` of rows without a fault.
        lines: Their items.
        line_numbers: Of their first lines.
        source: The file.
        rules: The settings.

    Returns:
        One row an accepted landing row, in the file's order, schema `STAGED`.
    """
    count = len(typed)
    hotels = typed["hotel_seq"].combine_chunks()
    zones = _zones(hotels, rules)
    at = {name: _instants(typed[name].combine_chunks(), zones) for name in _TIME_NAMES}
    state, unknown = _states(typed["status"], rules)
    prices = _line_prices(lines)
    whole = {
        **{name: typed[name] for name in STAGED.names if name in typed.column_names},
        **{_TIME_NAMES[name]: values for name, values in at.items()},
        "order_week": pc.floor_temporal(typed["reg_date"], unit="week").cast(pa.date32()),
        "guest_key": _guests(hotels, typed["customer_seq"], rules.key),
        "state": state,
        "lines_price": prices,
        "line_count": pc.list_value_length(lines),
        "flags": _flags(typed, at, state, unknown, prices),
        "state_at": _newest([at[name] for name in _STATE_TIMES]),
        "file_name": pa.repeat(source.file_name, count),
        "file_revision": pa.repeat(source.file_revision, count),
        "line_number": line_numbers,
        "lines": lines,
    }
    return pa.table([whole[name] for name in STAGED.names], STAGED.names).cast(STAGED)


_TIME_NAMES: Final = {
    "reg_date": "reg_at",
    "check_date": "check_at",
    "refuse_date": "refuse_at",
    "complete_date": "complete_at",
    "check_in": "check_in_at",
    "check_out": "check_out_at",
    "check_out_expected": "check_out_expected_at",
}
_STATE_TIMES: Final = ("reg_date", "check_date", "refuse_date", "complete_date")


def _zones(hotels: pa.Int64Array, rules: Rules) -> dict[str, np.ndarray[Any, Any] | None]:
    """Return each time zone with the mask of its rows; None means every row."""
    if not rules.hotel_timezones:
        return {rules.timezone: None}
    names = np.full(len(hotels), rules.timezone, object)
    numbers = np.asarray(hotels)
    for hotel, zone in rules.hotel_timezones.items():
        names[numbers == hotel] = zone
    return {zone: names == zone for zone in sorted(set(names))}


def _instants(local: pa.Array, zones: Mapping[str, np.ndarray[Any, Any] | None]) -> pa.Array:
    """Turn local times into instants; a time that occurs twice is the first of the two."""
    found = pa.nulls(len(local), UTC_TIME)
    for zone, mask in zones.items():
        at = _in_zone(local.cast(pa.timestamp("us")), zone).cast(UTC_TIME)
        found = at if mask is None else pc.if_else(pa.array(mask), at, found)
    return found


def _in_zone(local: pa.Array, zone: str) -> pa.Array:
    at = pc.assume_timezone(local, zone, ambiguous="earliest", nonexistent="earliest")
    # A time that summer time skips is put at the last microsecond before it. It was shown by a
    # clock that had not been set forward yet: as much later as it shows.
    if pc.any(pc.greater(pc.subsecond(at), 0)).as_py():
        at = pc.add(at, pc.subtract(local, pc.local_timestamp(at)))
    return at


def _newest(times: Sequence[pa.Array]) -> pa.Array:
    # Arrow has no maximum of instants, only of their numbers.
    numbers = [values.cast(pa.int64()) for values in times]
    return pc.max_element_wise(*numbers).cast(UTC_TIME)


def _states(status: pa.ChunkedArray, rules: Rules) -> tuple[pa.Array, pa.Array]:
    """Map the source's words; one that is not mapped is open, and marked."""
    words = pc.utf8_upper(pc.utf8_trim_whitespace(status)).combine_chunks()
    known = pa.array(list(rules.states), pa.string())
    index = pc.index_in(words, known)
    states = pc.fill_null(pa.array(list(rules.states.values()), pa.string()).take(index), "open")
    return states, pc.is_null(index)


def _guests(hotels: pa.Array, customers: pa.ChunkedArray, key: bytes) -> pa.Array:
    """Name the guest of each row: a key is worked out once for all rows of a guest."""
    found = [each.dictionary_encode() for each in (hotels, customers.combine_chunks())]
    hotel, customer = (each.indices.cast(pa.int64()) for each in found)
    # One number a pair, whatever the numbers themselves are.
    pairs = pc.add(pc.multiply(hotel, len(found[1].dictionary)), customer).dictionary_encode()
    places = np.divmod(np.asarray(pairs.dictionary), max(len(found[1].dictionary), 1))
    numbers = (
        each.dictionary.take(pa.array(place)).to_pylist()
        for each, place in zip(found, places, strict=True)
    )
    keys = pa.array(guest_keys(key, zip(*numbers, strict=True)), pa.string())
    return keys.take(pairs.indices)


def _line_prices(lines: pa.ListArray) -> pa.Array:
    prices = np.asarray(pc.fill_null(lines.flatten().field("resultPrice"), 0))
    totals = np.zeros(len(lines), np.int64)
    np.add.at(totals, np.asarray(pc.list_parent_indices(lines)), prices)
    return pa.array(totals)


def _flags(
    typed: pa.Table,
    at: Mapping[str, pa.Array],
    state: pa.Array,
    unknown: pa.Array,
    prices: pa.Array,
) -> pa.Array:
    seconds = [
        pc.divide(pc.subtract(at[end], at[start]).cast(pa.int64()), 1_000_000)
        for start, end in itertools.combinations(("reg_date", "check_date", "complete_date"), 2)
    ]
    masks = {
        "unknown_status": unknown,
        "complete_without_date": pc.and_(
            pc.equal(state, "complete"), pc.is_null(at["complete_date"])
        ),
        "price_differs": pc.not_equal(typed["order_price"], prices),
        "negative_duration": _any(pc.less(value, 0) for value in seconds),
        "over_24_hours": _any(pc.greater(value, _DAY_SECONDS) for value in seconds),
        "visitor_zero": pc.equal(typed["visitor_cnt"], 0),
    }
    bits = np.zeros(len(typed), np.int64)
    for bit, name in enumerate(FLAGS):
        bits |= np.asarray(pc.fill_null(masks[name], False)).astype(np.int64) << bit  # noqa: FBT003
    return _FLAG_LISTS.take(pa.array(bits))


def _any(masks: Any) -> pa.Array:
    filled = [pc.fill_null(mask, False) for mask in masks]  # noqa: FBT003
    return pc.or_(pc.or_(filled[0], filled[1]), filled[2])
