"""Tables in memory: frozen sets of equally long numpy columns, one row a thing.

Every part of the simulator passes these on; the truth writes them to Parquet as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Columns:
    """Equally long columns; a subclass names them."""

    def __post_init__(self) -> None:
        """Freeze the columns and see that none is shorter than another."""
        lengths = {len(column) for column in self.as_dict().values()}
        if len(lengths) > 1:
            raise ValueError(f"{type(self).__name__}: columns of unequal length {sorted(lengths)}")
        for column in self.as_dict().values():
            column.setflags(write=False)

    def __len__(self) -> int:
        """Count the rows."""
        return len(getattr(self, fields(self)[0].name))

    def as_dict(self) -> dict[str, npt.NDArray[Any]]:
        """Return the columns by name, in their order."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def take(self, rows: Ints | Flags) -> Self:
        """Return the rows with these numbers (or this mask), in that order."""
        return type(self)(**{name: column[rows] for name, column in self.as_dict().items()})

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Put parts below each other, in their order."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})


@dataclass(frozen=True)
class Rooms(Columns):
    """One row a room; names are made of syllables that no language strings together."""

    hotel: Ints
    room_seq: Ints
    building_seq: Ints
    floor_seq: Ints
    name: npt.NDArray[np.str_]


@dataclass(frozen=True)
class Items(Columns):
    """One row an item of a hotel's menu; `row + 1` is its itemSeq over all hotels."""

    hotel: Ints
    item_seq: Ints
    name: npt.NDArray[np.str_]
    category: Ints
    department_seq: Ints
    price: Ints


@dataclass(frozen=True)
class Guests(Columns):
    """One row a guest of a hotel; `customer_seq` is 0 for one who stays anonymous."""

    hotel: Ints
    customer_seq: Ints
    kind: Ints
    name: npt.NDArray[np.str_]


@dataclass(frozen=True)
class Stays(Columns):
    """One row a stay, ordering or not; times in seconds of the hotel's clock since 1970.

    `guest` and `room` are rows of their tables, `coupon` counts its hotel's coupons, -1 for none;
    `party` is 0-3 (one adult, two, more, family); `visitor_cnt` is what the orders show, -1 for
    null; the orders of a stay that is not `registered` show neither party nor dates.
    """

    hotel: Ints
    guest: Ints
    room: Ints
    check_in: Ints
    check_out: Ints
    check_out_expected: Ints
    nights: Ints
    adults: Ints
    children: Ints
    babies: Ints
    party: Ints
    coupon: Ints
    visitor_cnt: Ints
    registered: Flags


@dataclass(frozen=True)
class Orders(Columns):
    """One row an order with its whole fate; `row + 1` is its order_seq, so they stand by time.

    `stay_part` is 0-3 (day of arrival, second day, later, last day); `end_at` is when it was
    completed, refused or cancelled, or far in the future; `outcome` and `cause` count along
    `OUTCOMES` and `CAUSES`; `load` is that of its busiest department, 1 at capacity; `price` is
    the order_price as sent.
    """

    hotel: Ints
    stay: Ints
    guest: Ints
    reg_at: Ints
    hour: Ints
    weekend: Ints
    stay_part: Ints
    first_line: Ints
    line_count: Ints
    ack_at: Ints
    end_at: Ints
    outcome: Ints
    cause: Ints
    load: Floats
    price: Ints


@dataclass(frozen=True)
class Lines(Columns):
    """One row a line of an order, in the order of the orders; `item` is a row of the items."""

    order: Ints
    item: Ints
    count: Ints
    free_count: Ints
    coupon: Ints
    result_price: Ints
    waiting_minutes: Ints
    delay_minutes: Ints
    complete_minutes: Ints
    again: Flags


PARTIES = ("one", "two", "group", "family")
STAY_PARTS = ("arrival", "second", "later", "last")
OUTCOMES = ("complete", "refused", "cancelled", "forgotten")
CAUSES = ("none", "chance", "load", "sold_out")
