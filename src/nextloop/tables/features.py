"""The feature tables: what data scientists and the recommender read, as of a date.

Every row of one `as_of` was computed from orders registered before the end of that date, by the
hotel's clock, and from nothing later.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from nextloop.tables.table import UTC_TIME, Column, Table

_AS_OF = Column("as_of", pa.date32(), "Nothing after this local date is in it.", nullable=False)
_HOTEL = Column("hotel", pa.int64(), "The hotel.", nullable=False)
_ITEM = Column("item", pa.int64(), "The item in its hotel's menu.", nullable=False)
_DEPARTMENT = Column("department", pa.int64(), "The department that serves it.")
_FIRST = Column("first_ordered_at", UTC_TIME, "First order.", nullable=False)
_LAST = Column("last_ordered_at", UTC_TIME, "Last order.", nullable=False)


def _count(name: str, text: str) -> Column:
    return Column(name, pa.int64(), text, nullable=False)


INTERACTIONS: Final = Table(
    name="interactions",
    grain="one row an item of a completed order, price-0 requests left out",
    key=("as_of", "hotel", "order_seq", "item"),
    slice_by="as_of",
    part_by="hotel",
    columns=(
        _AS_OF,
        _HOTEL,
        Column("order_seq", pa.int64(), "The order.", nullable=False),
        _ITEM,
        Column("guest", pa.string(), "Guest key; null if anonymous."),
        Column(
            "stay",
            pa.string(),
            "Hotel with guest or room and check-in day; the order itself if neither is known.",
            nullable=False,
        ),
        Column("ordered_at", UTC_TIME, "Ordered.", nullable=False),
        Column("local_date", pa.date32(), "The hotel's date then.", nullable=False),
        Column("hour", pa.int8(), "The hotel's hour, 0-23.", nullable=False),
        Column("weekday", pa.int8(), "The hotel's weekday, 0 = Monday.", nullable=False),
        Column("stay_day", pa.int16(), "Days since check-in, 0 on that day."),
        Column("nights", pa.int16(), "Nights booked, or stayed if that is known."),
        Column("adults", pa.int16(), "Adults."),
        Column("children", pa.int16(), "Children."),
        Column("babies", pa.int16(), "Babies."),
        Column("quantity", pa.int32(), "How many, over the order's lines.", nullable=False),
        Column("price", pa.int64(), "Price of one, in the source's money.", nullable=False),
        Column("revenue", pa.int64(), "What the guest paid for them.", nullable=False),
        _DEPARTMENT,
        Column("coupon", pa.bool_(), "Whether a coupon was used.", nullable=False),
    ),
)

ITEM_FEATURES: Final = Table(
    name="item_features",
    grain="one row an item of a hotel, price-0 requests included",
    key=("as_of", "hotel", "item"),
    slice_by="as_of",
    part_by="hotel",
    columns=(
        _AS_OF,
        _HOTEL,
        _ITEM,
        Column("item_name", pa.string(), "Its name when last ordered."),
        _DEPARTMENT,
        Column("price", pa.int64(), "Price of one when last ordered; 0 for a request."),
        _count("order_count", "Completed orders with it."),
        _count("guest_count", "Known guests who completed one."),
        _count("quantity", "How many, completed."),
        _count("revenue", "What was paid for it, in the source's money."),
        _count("order_count_28d", "Completed orders with it in the last 28 days."),
        Column("coupon_ratio", pa.float64(), "Share of its completed lines with a coupon."),
        Column("refused_ratio", pa.float64(), "Share of its orders that were refused."),
        _FIRST,
        _LAST,
        Column("wait_minutes_median", pa.float64(), "Ordered to completed, median minutes."),
    ),
)

GUEST_FEATURES: Final = Table(
    name="guest_features",
    grain="one row a known guest of a hotel",
    key=("as_of", "hotel", "guest"),
    slice_by="as_of",
    part_by="hotel",
    columns=(
        _AS_OF,
        _HOTEL,
        Column("guest", pa.string(), "Guest key.", nullable=False),
        _count("order_count", "Completed orders with a priced item."),
        _count("stay_count", "Stays with one."),
        _count("item_count", "Items over those orders."),
        _count("distinct_items", "Different items."),
        _count("revenue", "What was paid, in the source's money."),
        _FIRST,
        _LAST,
        Column("days_since_last", pa.int32(), "Days to the as-of date.", nullable=False),
        Column("usual_hour", pa.int8(), "The commonest hour, the earlier on a tie."),
        Column("mean_order_price", pa.float64(), "Mean revenue of an order."),
        Column("party_mean", pa.float64(), "Mean of adults, children and babies together."),
    ),
)

ITEM_PAIRS: Final = Table(
    name="item_pairs",
    grain="one row an ordered pair of items that one stay had both of",
    key=("as_of", "hotel", "item", "other_item"),
    slice_by="as_of",
    part_by="hotel",
    columns=(
        _AS_OF,
        _HOTEL,
        _ITEM,
        Column("other_item", pa.int64(), "The item seen with it.", nullable=False),
        _count("stays_both", "Stays with both."),
        _count("stays_item", "Stays with item."),
        _count("stays_other", "Stays with other_item."),
        Column("confidence", pa.float64(), "stays_both / stays_item.", nullable=False),
        Column("lift", pa.float64(), "Both, over what chance gives.", nullable=False),
    ),
)

HOTEL_DEMAND: Final = Table(
    name="hotel_demand",
    grain="one row an hour of a department with at least one order",
    key=("as_of", "hotel", "department", "local_date", "hour"),
    slice_by="as_of",
    part_by="hotel",
    columns=(
        _AS_OF,
        _HOTEL,
        _DEPARTMENT,
        Column("local_date", pa.date32(), "The hotel's date.", nullable=False),
        Column("hour", pa.int8(), "The hotel's hour, 0-23.", nullable=False),
        _count("order_count", "Orders, of every state, requests included."),
        _count("complete_count", "Of them completed."),
        _count("refused_count", "Of them refused."),
        _count("open_count", "Of them still open."),
        _count("line_count", "Lines of them for this department."),
        _count("quantity", "Items of those lines."),
        _count("revenue", "Completed lines' result prices, in the source's money."),
        Column("wait_minutes_median", pa.float64(), "Ordered to completed, median minutes."),
    ),
)

FEATURE_TABLES: Final = (INTERACTIONS, ITEM_FEATURES, GUEST_FEATURES, ITEM_PAIRS, HOTEL_DEMAND)
