"""What the contract says of a row: why it is rejected or marked, and how the sender mends it.

`REASONS` and `FLAGS` are the codes that `rejected_rows.reason` and `orders.flags` hold, each with
its words in English and Korean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Language = Literal["en", "ko"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "ko")


@dataclass(frozen=True)
class Said:
    """A rule in one language: what is wrong, and what the sender does about it."""

    wrong: str
    mend: str


@dataclass(frozen=True)
class Reason:
    """Why a row or file was rejected, or a row marked, in both languages."""

    code: str
    en: Said
    ko: Said

    def said(self, language: Language) -> Said:
        """Return the rule's words in a language."""
        return self.ko if language == "ko" else self.en


def by_code(*reasons: Reason) -> dict[str, Reason]:
    """Return the reasons under their codes, in their order."""
    return {reason.code: reason for reason in reasons}


REASONS: Final = by_code(
    Reason(
        "column_count",
        Said(
            "The row has more or fewer fields than the header.",
            "Put fields that hold commas in double quotes, and write every column in every row.",
        ),
        Said(
            "필드 수가 헤더와 다릅니다.",
            "쉼표가 든 값은 큰따옴표로 감싸고, 모든 행에 모든 열을 써 주세요.",
        ),
    ),
    Reason(
        "unbalanced_quote",
        Said(
            "A quoted field does not end, or text follows its end.",
            "Close every quote that was opened, and write a quote inside a quoted field twice.",
        ),
        Said(
            "큰따옴표가 닫히지 않았거나 닫힌 뒤에 글자가 있습니다.",
            "열린 따옴표는 닫고, 값 안의 따옴표는 두 번 써 주세요.",
        ),
    ),
    Reason(
        "row_too_long",
        Said(
            "The row is longer than orders.max_row_bytes.",
            "Look for a quote that never closes; if the row is right, have orders.max_row_bytes "
            "raised.",
        ),
        Said(
            "행이 orders.max_row_bytes보다 깁니다.",
            "닫히지 않은 따옴표가 있는지 보고, 행이 맞다면 orders.max_row_bytes를 늘려 달라고 "
            "해 주세요.",
        ),
    ),
    Reason(
        "not_utf8",
        Said(
            "The row is not UTF-8.",
            "Save the file as UTF-8, not CP949 or EUC-KR.",
        ),
        Said(
            "행이 UTF-8이 아닙니다.",
            "CP949나 EUC-KR이 아니라 UTF-8로 저장해 주세요.",
        ),
    ),
    Reason(
        "missing_value",
        Said(
            "A required value is missing.",
            "Fill it in where the order is kept, and export the row again.",
        ),
        Said(
            "필수 값이 비어 있습니다.",
            "주문 시스템에서 값을 채운 뒤 그 행을 다시 내보내 주세요.",
        ),
    ),
    Reason(
        "not_an_integer",
        Said(
            "Not a whole number of at most 18 digits.",
            r"Write digits only: 24000, not 24,000, 24000.0 or 2.4e4; \N or nothing if unknown.",
        ),
        Said(
            "18자리 이하의 정수가 아닙니다.",
            r"숫자만 써 주세요: 24,000이나 24000.0이 아니라 24000. 모르면 \N이나 빈칸.",
        ),
    ),
    Reason(
        "not_a_time",
        Said(
            "Not a local time as YYYY-MM-DD HH:MM:SS that exists.",
            "Write it like 2017-12-25 19:00:00: hours 00 to 23, no T, no zone, no fraction.",
        ),
        Said(
            "YYYY-MM-DD HH:MM:SS 형식의 실제 시각이 아닙니다.",
            "2017-12-25 19:00:00처럼 써 주세요. 시는 00~23, T나 시간대나 소수 초는 쓰지 않습니다.",
        ),
    ),
    Reason(
        "out_of_range",
        Said(
            "A number or time outside what it can be.",
            r"Numbers are 0 or more, people at most 9999, years 1990 to 2099; \N if unknown.",
        ),
        Said(
            "숫자나 시각이 있을 수 있는 범위를 벗어났습니다.",
            r"숫자는 0 이상, 인원은 9999명 이하, 연도는 1990~2099년입니다. 모르면 \N을 써 주세요.",
        ),
    ),
    Reason(
        "contents_not_json",
        Said(
            "contents is neither a JSON array of items nor an item.",
            "Export the items as one JSON array; inside the quoted field each of its double quotes "
            "is written twice.",
        ),
        Said(
            "contents가 JSON 품목 배열이나 품목 하나가 아닙니다.",
            "품목들을 JSON 배열 하나로 내보내 주세요. 따옴표로 감싼 필드 안에서는 큰따옴표를 "
            "두 번씩 씁니다.",
        ),
    ),
    Reason(
        "contents_empty",
        Said(
            "contents holds no item.",
            "Export the order with its items, or leave the order out.",
        ),
        Said(
            "contents에 품목이 없습니다.",
            "품목과 함께 내보내거나, 품목이 없는 주문은 빼 주세요.",
        ),
    ),
    Reason(
        "contents_item",
        Said(
            "An item lacks itemSeq or count, or a value of it has the wrong type or range.",
            "Give each item an itemSeq and a count of 1 to 10000; money is a whole number from 0.",
        ),
        Said(
            "contents의 품목에 itemSeq나 count가 없거나, 값의 형식이나 범위가 맞지 않습니다.",
            "품목마다 itemSeq와 1~10000의 count를 쓰고, 금액은 0 이상의 정수로 써 주세요.",
        ),
    ),
)
"""Why a row is rejected: one a row, the first that is found."""

FLAGS: Final = by_code(
    Reason(
        "unknown_status",
        Said(
            "The status is not in orders.status_map; the order counts as open.",
            "Tell the receiver what the word means, to be put into orders.status_map.",
        ),
        Said(
            "status가 orders.status_map에 없어 진행 중(open)으로 봅니다.",
            "그 상태의 뜻을 알려 주세요. 받는 쪽에서 orders.status_map에 넣습니다.",
        ),
    ),
    Reason(
        "complete_without_date",
        Said(
            "Complete, and complete_date is missing; it stays missing.",
            "Export complete_date, so that service times can be counted.",
        ),
        Said(
            "완료 상태인데 complete_date가 없습니다. 빈 값 그대로 둡니다.",
            "처리 시간을 셀 수 있게 complete_date를 내보내 주세요.",
        ),
    ),
    Reason(
        "price_differs",
        Said(
            "order_price is not the sum of the lines' result prices.",
            "Check which of the two is right; both are kept as they were sent.",
        ),
        Said(
            "order_price가 품목별 결제 금액의 합과 다릅니다.",
            "어느 쪽이 맞는지 확인해 주세요. 둘 다 받은 그대로 남습니다.",
        ),
    ),
    Reason(
        "negative_duration",
        Said(
            "Acknowledged before it was ordered, or completed before either.",
            "Check the clocks of the systems that write these times.",
        ),
        Said(
            "접수나 완료 시각이 주문(또는 접수) 시각보다 앞섭니다.",
            "이 시각들을 기록하는 시스템의 시계를 확인해 주세요.",
        ),
    ),
    Reason(
        "over_24_hours",
        Said(
            "More than 24 hours lie between two of ordered, acknowledged and completed.",
            "Check whether the order was closed late by hand, or a date is wrong.",
        ),
        Said(
            "주문, 접수, 완료 시각 사이가 24시간을 넘습니다.",
            "나중에 손으로 완료 처리했는지, 날짜가 잘못됐는지 확인해 주세요.",
        ),
    ),
    Reason(
        "visitor_zero",
        Said(
            "visitor_cnt is 0, so that a spend per visitor is unknown, not infinite.",
            r"Send \N where the number of visitors is not known.",
        ),
        Said(
            "visitor_cnt가 0이라 1인당 금액은 알 수 없는 값입니다.",
            r"인원을 모르면 \N으로 보내 주세요.",
        ),
    ),
)
"""Oddities that a row is kept with, in the order of their bits in `rows`."""
