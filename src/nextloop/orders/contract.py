"""The order file's contract, version 1: its columns and what a row can be rejected for.

Source: the hotels' export. `docs/tables.md` prints both tables below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

INTEGERS: Final = (
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
TIMES: Final = (
    "reg_date",
    "check_date",
    "refuse_date",
    "complete_date",
    "check_in",
    "check_out",
    "check_out_expected",
)
WORDS: Final = ("status", "contents")
PRIVATE: Final = ("room_name", "customer_name")
"""Dropped while parsing, masked in rejected rows; `customer_seq` is masked there too."""
REQUIRED: Final = ("order_seq", "hotel_seq", "status", "contents", "reg_date")
COUNTS: Final = tuple(name for name in INTEGERS if name.endswith("_cnt"))

LINE: Final = pa.struct(
    [
        ("orderType", pa.string()),
        ("itemSeq", pa.int64()),
        ("count", pa.int64()),
        ("itemName", pa.string()),
        ("departmentSeq", pa.int64()),
        ("price", pa.int64()),
        ("waitingPeriod", pa.float64()),
        ("delayPeriod", pa.float64()),
        ("freeCount", pa.int64()),
        ("couponSeq", pa.int64()),
        ("resultPrice", pa.int64()),
        ("completePeriod", pa.float64()),
    ]
)
"""One item of `contents`, with the source's own names."""


@dataclass(frozen=True)
class Reason:
    """Why a row was rejected or marked, and how the sender mends it, in both languages."""

    code: str
    en: str
    ko: str


REASONS: Final = {
    reason.code: reason
    for reason in (
        Reason(
            "column_count",
            "The row has more or fewer fields than the header; quote fields that hold commas.",
            "필드 수가 헤더와 다릅니다. 쉼표가 든 값은 큰따옴표로 감싸 주세요.",
        ),
        Reason(
            "unbalanced_quote",
            "A quoted field does not end, or text follows its end; double quotes inside.",
            "큰따옴표가 닫히지 않았거나 닫힌 뒤에 글자가 있습니다. 안쪽 따옴표는 두 번 쓰세요.",
        ),
        Reason(
            "row_too_long",
            "The row is longer than orders.max_row_bytes.",
            "행이 orders.max_row_bytes보다 깁니다.",
        ),
        Reason(
            "not_utf8",
            "The row is not UTF-8; save the file as UTF-8, not CP949 or EUC-KR.",
            "UTF-8이 아닙니다. CP949나 EUC-KR이 아니라 UTF-8로 저장해 주세요.",
        ),
        Reason("missing_value", "A required value is missing.", "필수 값이 비어 있습니다."),
        Reason(
            "not_an_integer",
            "Not a whole number of at most 18 digits.",
            "18자리 이하의 정수가 아닙니다.",
        ),
        Reason(
            "not_a_time",
            "Not a local time as YYYY-MM-DD HH:MM:SS that exists.",
            "YYYY-MM-DD HH:MM:SS 형식의 실제 시각이 아닙니다.",
        ),
        Reason("out_of_range", "A number outside what it can be.", "범위를 벗어난 숫자입니다."),
        Reason(
            "contents_not_json",
            "contents is neither a JSON array of items nor an item.",
            "contents가 JSON 품목 배열이나 품목 하나가 아닙니다.",
        ),
        Reason("contents_empty", "contents holds no item.", "contents에 품목이 없습니다."),
        Reason(
            "contents_item",
            "An item lacks itemSeq or count, or a value of it has the wrong type or range.",
            "contents의 품목에 itemSeq나 count가 없거나, 값의 형식이나 범위가 맞지 않습니다.",
        ),
    )
}

FLAGS: Final = {
    flag.code: flag
    for flag in (
        Reason(
            "unknown_status",
            "The status is not in orders.status_map; the order counts as open.",
            "status가 orders.status_map에 없어 진행 중(open)으로 봅니다.",
        ),
        Reason(
            "complete_without_date",
            "Complete, and complete_date is missing; it stays missing.",
            "완료 상태인데 complete_date가 없습니다. 빈 값 그대로 둡니다.",
        ),
        Reason(
            "price_differs",
            "order_price is not the sum of the lines' result prices.",
            "order_price가 품목별 결제 금액의 합과 다릅니다.",
        ),
        Reason(
            "negative_duration",
            "Acknowledged before it was ordered, or completed before either.",
            "접수나 완료 시각이 주문(또는 접수) 시각보다 앞섭니다.",
        ),
        Reason(
            "over_24_hours",
            "More than 24 hours lie between two of ordered, acknowledged and completed.",
            "주문, 접수, 완료 시각 사이가 24시간을 넘습니다.",
        ),
        Reason(
            "visitor_zero",
            "visitor_cnt is 0, so that a spend per visitor is unknown, not infinite.",
            "visitor_cnt가 0이라 1인당 금액은 알 수 없는 값입니다.",
        ),
    )
}
"""Oddities that a row is kept with, in the order of their bits in `rows`."""
