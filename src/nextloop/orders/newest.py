"""The rows of a week that count: new and stored ones less those that lost to another state.

In: Arrow tables of one week. Out: its rows of `tables.ORDERS` and `tables.ORDER_LINES`. Which rows
lose is settled by the engine over all weeks (`transform.contested`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextloop.orders.staged import IDENTITY, KEY
from nextloop.tables import ORDER_LINES, ORDERS

_ITEM_FIELDS: Final = {
    "order_type": "orderType",
    "item_seq": "itemSeq",
    "item_name": "itemName",
    "department_seq": "departmentSeq",
    "item_count": "count",
    "free_count": "freeCount",
    "price": "price",
    "result_price": "resultPrice",
    "coupon_seq": "couponSeq",
    "waiting_period": "waitingPeriod",
    "delay_period": "delayPeriod",
    "complete_period": "completePeriod",
}


def newest_orders(new: pa.Table, known: pa.Table, superseded: pa.Table) -> pa.Table:
    """Return the week's `orders`.

    Args:
        new: Staged rows.
        known: Rows of `orders`.
        superseded: Rows of `transform.contested` that do not count, of any week.
    """
    names = ORDERS.schema.names
    rows = pa.concat_tables([table.select(names).cast(ORDERS.schema) for table in (new, known)])
    return _without(rows, superseded, IDENTITY)


def newest_lines(new: pa.Table, known_lines: pa.Table, superseded: pa.Table) -> pa.Table:
    """Return the week's `order_lines`, one row an item.

    Args:
        new: Staged rows with their items inside.
        known_lines: Rows of `order_lines`.
        superseded: As for `newest_orders`.
    """
    current = _without(new, superseded, IDENTITY)
    replaced = superseded.filter(pc.invert(superseded["is_new"]))
    kept = _without(known_lines.select(ORDER_LINES.schema.names), replaced, KEY)
    lines = [_lines(batch) for batch in current.to_batches()]
    return pa.concat_tables([*lines, kept.cast(ORDER_LINES.schema)])


def _lines(orders: pa.RecordBatch) -> pa.Table:
    """Take the items out of their orders."""
    lists = orders["lines"]
    parents, items = pc.list_parent_indices(lists), lists.flatten()
    starts = np.asarray(lists.offsets)
    columns = {
        "line": pa.array(np.arange(starts[0], starts[-1]) - starts[np.asarray(parents)]),
        **{name: items.field(field) for name, field in _ITEM_FIELDS.items()},
    }
    found = [
        columns[name] if name in columns else orders[name].take(parents)
        for name in ORDER_LINES.schema.names
    ]
    return pa.table(found, ORDER_LINES.schema.names).cast(ORDER_LINES.schema)


def _without(rows: pa.Table, others: pa.Table, on: Sequence[str]) -> pa.Table:
    """Return the rows that are not among others, in their order."""
    if not others.num_rows or not rows.num_rows:
        return rows
    places = rows.select(on).append_column("place", pa.array(np.arange(len(rows))))
    found = places.join(others.select(on), keys=list(on), join_type="left semi")
    kept = np.ones(len(rows), bool)
    kept[np.asarray(found["place"])] = False
    return rows.filter(pa.array(kept))
