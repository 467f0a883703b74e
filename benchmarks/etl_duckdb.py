"""One hand-written DuckDB query: the floor that `etl.py` measures ingest against.

No rejects, no guest keys, no ledger, no commit: what one machine can do at best. Called as
`python etl_duckdb.py LANDING OUT`.
"""

from __future__ import annotations

import sys

import duckdb

TIMES = (
    "reg_date",
    "check_date",
    "refuse_date",
    "complete_date",
    "check_in",
    "check_out",
    "check_out_expected",
)
WHOLE = (
    "order_seq",
    "hotel_seq",
    "room_seq",
    "customer_seq",
    "order_price",
    "room_building_seq",
    "room_floor_seq",
    "visitor_cnt",
    "visit_adult_cnt",
    "visit_child_cnt",
    "visit_baby_cnt",
)
LINE = """[{"orderType":"VARCHAR","itemSeq":"BIGINT","count":"BIGINT","itemName":"VARCHAR",
"departmentSeq":"BIGINT","price":"BIGINT","waitingPeriod":"DOUBLE","delayPeriod":"DOUBLE",
"freeCount":"BIGINT","couponSeq":"BIGINT","resultPrice":"BIGINT","completePeriod":"DOUBLE"}]"""


def main(landing: str, out: str) -> None:
    """Read with given types, keep the newest state, unnest, write one folder a week."""
    types = {**dict.fromkeys(WHOLE, "BIGINT"), **dict.fromkeys(TIMES, "TIMESTAMP")}
    db = duckdb.connect()
    db.execute("SET threads = 2")
    db.execute(
        f"""
        CREATE TABLE staged AS
        SELECT * EXCLUDE (contents, room_name, customer_name),
               date_trunc('week', reg_date)::DATE AS order_week,
               from_json(CASE WHEN contents[1] = '[' THEN contents ELSE '[' || contents || ']' END,
                         '{LINE}') AS items
        FROM read_csv('{landing}/*.csv', header = true, nullstr = ['\\N', ''], quote = '"',
                      escape = '"', types = {types})
        QUALIFY row_number() OVER (PARTITION BY hotel_seq, order_seq ORDER BY
                greatest(reg_date, check_date, refuse_date, complete_date) DESC) = 1
        """
    )
    db.execute(
        f"COPY (SELECT * EXCLUDE items FROM staged) TO '{out}/orders' "
        "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (order_week))"
    )
    db.execute(
        f"COPY (SELECT hotel_seq, order_seq, order_week, unnest(items, recursive := true) "
        f"FROM staged) TO '{out}/order_lines' "
        "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (order_week))"
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
