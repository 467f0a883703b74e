"""What each column of the order file and each field of `contents` means, in both languages.

For the people who write the export. The tables' own descriptions are in `nextloop.tables`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nextloop.orders.contract import COUNTS, INTEGERS, PRIVATE, TIMES
from nextloop.orders.reasons import Language
from nextloop.tables.order_file import COLUMNS


@dataclass(frozen=True)
class Text:
    """One text in both languages."""

    en: str
    ko: str

    def said(self, language: Language) -> str:
        """Return the text in a language."""
        return self.ko if language == "ko" else self.en


FORMS: Final = {
    "number": Text("whole number from 0, digits only", "0 이상의 정수, 숫자만"),
    "people": Text("whole number, 0 to 9999", "0~9999의 정수"),
    "time": Text("YYYY-MM-DD HH:MM:SS, the hotel's clock", "YYYY-MM-DD HH:MM:SS, 호텔 현지 시각"),
    "items": Text("JSON array of items, or one item", "JSON 품목 배열 또는 품목 하나"),
    "text": Text("text", "글자"),
    "dropped": Text("text, dropped when read", "글자, 읽을 때 버림"),
    "pieces": Text("whole number, 1 to 10000", "1~10000의 정수"),
    "free": Text("whole number, 0 to 10000", "0~10000의 정수"),
    "money": Text("whole number from 0", "0 이상의 정수"),
    "integer": Text("whole number", "정수"),
    "period": Text("number", "숫자"),
}

COLUMN_MEANINGS: Final = {
    "order_seq": Text("The order's number, its key within the hotel.", "주문 번호. 호텔 안의 키."),
    "hotel_seq": Text("The hotel's number.", "호텔 번호."),
    "room_seq": Text("The room's number.", "객실 번호."),
    "customer_seq": Text(
        "The guest's number; stored as a keyed hash only.",
        "고객 번호. 키를 쓴 해시로만 저장합니다.",
    ),
    "order_price": Text("The order's price.", "주문 금액."),
    "status": Text(
        "The order's state in your words, such as COMPLETE.", "주문 상태, 예: COMPLETE."
    ),
    "contents": Text("What was ordered.", "주문한 품목."),
    "reg_date": Text("Ordered.", "주문 시각."),
    "check_date": Text("Acknowledged by staff.", "직원이 접수한 시각."),
    "refuse_date": Text("Refused.", "거절한 시각."),
    "complete_date": Text("Completed.", "완료한 시각."),
    "room_building_seq": Text("The room's building.", "객실의 건물 번호."),
    "room_floor_seq": Text("The room's floor.", "객실의 층 번호."),
    "room_name": Text("The room's name.", "객실 이름."),
    "customer_name": Text("The guest's name.", "고객 이름."),
    "visitor_cnt": Text("Visitors of the stay.", "투숙 인원."),
    "visit_adult_cnt": Text("Adults.", "성인 수."),
    "visit_child_cnt": Text("Children.", "어린이 수."),
    "visit_baby_cnt": Text("Babies.", "유아 수."),
    "check_in": Text("The stay's check-in.", "체크인 시각."),
    "check_out": Text("The stay's check-out; null in house.", "체크아웃 시각. 투숙 중이면 빈 값."),
    "check_out_expected": Text("The expected check-out.", "예정된 체크아웃 시각."),
}

ITEM_FORMS: Final = {
    "orderType": "text",
    "itemSeq": "number",
    "count": "pieces",
    "itemName": "text",
    "departmentSeq": "integer",
    "price": "money",
    "waitingPeriod": "period",
    "delayPeriod": "period",
    "freeCount": "free",
    "couponSeq": "integer",
    "resultPrice": "money",
    "completePeriod": "period",
}
ITEM_REQUIRED: Final = ("itemSeq", "count")

ITEM_MEANINGS: Final = {
    "orderType": Text("Your word for the kind of line, such as ITEM.", "품목의 종류, 예: ITEM."),
    "itemSeq": Text("The item's number in the hotel's menu.", "메뉴의 품목 번호."),
    "count": Text("How many.", "수량."),
    "itemName": Text("The item's name.", "품목 이름."),
    "departmentSeq": Text("The department that serves it.", "담당 부서 번호."),
    "price": Text("Price of one; 0 for a request.", "한 개의 금액. 요청이면 0."),
    "waitingPeriod": Text("Promised wait, in minutes.", "안내한 대기 시간(분)."),
    "delayPeriod": Text("Delay, in minutes.", "지연 시간(분)."),
    "freeCount": Text("How many of them are free.", "그중 무료인 수량."),
    "couponSeq": Text("The coupon, if one was used.", "쓴 쿠폰의 번호."),
    "resultPrice": Text("What the line cost in the end.", "할인 뒤의 금액."),
    "completePeriod": Text("Time taken, in minutes.", "걸린 시간(분)."),
}

FILE_RULES: Final = (
    Text(
        "CSV named .csv, or packed with gzip and named .csv.gz.",
        "이름이 .csv인 CSV, 또는 gzip으로 압축한 .csv.gz.",
    ),
    Text(
        "UTF-8, with or without a byte order mark; not CP949, EUC-KR or UTF-16.",
        "UTF-8. BOM은 있어도 없어도 됩니다. CP949, EUC-KR, UTF-16은 안 됩니다.",
    ),
    Text(
        "The first line names the 22 columns, spelled as below, in any order, each once.",
        "첫 줄에 열 22개의 이름을 아래 철자 그대로, 순서는 자유롭게, 한 번씩 씁니다.",
    ),
    Text(
        "Commas between fields; lines end with LF or CRLF; blank lines are ignored.",
        "필드는 쉼표로 나누고, 줄은 LF나 CRLF로 끝냅니다. 빈 줄은 무시합니다.",
    ),
    Text(
        "A field that holds a comma, a double quote or a line break stands in double quotes, and "
        "a double quote in it is written twice.",
        "쉼표, 큰따옴표, 줄바꿈이 든 값은 큰따옴표로 감싸고, 그 안의 큰따옴표는 두 번 씁니다.",
    ),
    Text(r"\N or nothing is null.", r"\N이나 빈칸은 빈 값(null)입니다."),
    Text(
        "An order may come again, in this file or a later one: its newest state counts.",
        "같은 주문이 이 파일이나 다음 파일에 또 와도 됩니다. 가장 새로운 상태만 남습니다.",
    ),
    Text(
        "A corrected file keeps its name: a row that is the same is not counted twice.",
        "고친 파일은 같은 이름으로 보내 주세요. 같은 행이 두 번 세어지지 않습니다.",
    ),
)

_COMPLETED: Final = (
    '1001,10,501,777001,24000,COMPLETE,"[{""orderType"":""ITEM"",""itemSeq"":7,""count"":2,'
    '""itemName"":""치킨 버거"",""departmentSeq"":3,""price"":12000,""waitingPeriod"":20,'
    '""delayPeriod"":0,""freeCount"":0,""couponSeq"":null,""resultPrice"":24000,'
    '""completePeriod"":28}]",2017-12-20 19:00:00,2017-12-20 19:02:00,\\N,2017-12-20 19:30:00,'
    "1,5,\\N,\\N,2,2,0,0,2017-12-19 15:00:00,\\N,2017-12-22 11:00:00"
)
_REFUSED: Final = (
    '1002,10,502,\\N,0,REFUSE,"[{""orderType"":""REQUEST"",""itemSeq"":31,""count"":1,'
    '""itemName"":""수건"",""departmentSeq"":1,""price"":0,""resultPrice"":0}]",'
    "2017-12-20 19:05:00,\\N,2017-12-20 19:06:00,\\N,1,5,\\N,\\N,\\N,\\N,\\N,\\N,\\N,\\N,\\N"
)
EXAMPLE: Final = "\n".join((",".join(COLUMNS), _COMPLETED, _REFUSED)) + "\n"
"""A small order file: a completed order, and a refused request without a guest."""


def column_form(name: str) -> Text:
    """Say what a column holds."""
    if name in PRIVATE:
        return FORMS["dropped"]
    if name in COUNTS:
        return FORMS["people"]
    if name in INTEGERS:
        return FORMS["number"]
    if name in TIMES:
        return FORMS["time"]
    return FORMS["items" if name == "contents" else "text"]


def item_form(name: str) -> Text:
    """Say what a field of an item of `contents` holds."""
    return FORMS[ITEM_FORMS[name]]
