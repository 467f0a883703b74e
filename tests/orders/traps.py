"""Every kind of malformed order file, and what must become of it: one corpus for all doors.

Each trap is a file. Its orders have numbers of their own, so that all traps can lie in one
landing.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.order_files import ITEM, contents, csv_line, csv_text, item, line, row
from tests.orders.bad_rows import ROWS

from nextloop.tables.order_file import COLUMNS

HEADER: Final = ",".join(COLUMNS)
PRINTED: Final = contents(item()).replace(", ", ",\n  ")
STRAY: Final = csv_line(row(9)).replace("Ocean501", '"Ocean501')


@dataclass(frozen=True)
class Trap:
    """A file, and what becomes of it.

    Attributes:
        content: Its bytes.
        accepted: Order numbers of the rows that count in the end, in their order.
        rejected: Line and reason of each row that is rejected.
        superseded: Rows that another row of the file outdoes.
        flags: Flags of the orders that have some.
        refused: Code of the refusal, if the file is refused whole.
        said: Words of the refusal.
        ending: Of its name.
    """

    content: bytes
    accepted: Sequence[int] = ()
    rejected: Sequence[tuple[int, str]] = ()
    superseded: int = 0
    flags: Mapping[int, Sequence[str]] = field(default_factory=dict)
    refused: str | None = None
    said: str = ""
    ending: str = ".csv"


def text(*rows: Mapping[str, str] | str) -> bytes:
    """An order file of these rows."""
    return csv_text(rows).encode()


def first_line(labels: Iterable[str]) -> bytes:
    """A file of one row under another first line."""
    return f"{line(list(labels))}\n{csv_line(row(1))}\n".encode()


def refused(code: str, said: str, content: bytes | str, ending: str = ".csv") -> Trap:
    """A file that is refused whole."""
    whole = content.encode() if isinstance(content, str) else content
    return Trap(whole, refused=code, said=said, ending=ending)


GOOD: Final = csv_text([row(1), row(2)])
PACKED: Final = gzip.compress(GOOD.encode())

REFUSED: Final = {
    "empty": refused("header_missing", "no header", b""),
    "byte_order_mark_alone": refused("header_missing", "no header", b"\xef\xbb\xbf"),
    "blank_first_line": refused("header_missing", "no header", "\n" + GOOD),
    "utf16": refused("utf16", "UTF-16", GOOD.encode("utf-16")),
    "utf16_big_end_first": refused("utf16", "UTF-16", "\ufeff".encode("utf-16-be") + b"\0o"),
    "utf16_without_mark": refused("header_not_text", "not text", GOOD.encode("utf-16-le")),
    "cp949_header": refused("header_not_text", "not text", "주문번호,호텔\n".encode("cp949")),
    "spreadsheet": refused("header_not_text", "not text", b"PK\x03\x04\x14\0\x06\0\x08\xd0\xff\n"),
    "parquet": refused("header_unknown", "no header", b"PAR1\x15\x04\n"),
    "page": refused("header_unknown", "no header", "<!DOCTYPE html>\n<title>Log in</title>\n"),
    "json": refused("header_unknown", "no header", '[{"order_seq": 1}]\n'),
    "packed_but_named_csv": refused("header_not_text", "not text", PACKED),
    "one_endless_line": refused("header_endless", "no header", b"x" * 100_000),
    "old_mac_line_ends": refused("line_ends", "carriage return", GOOD.replace("\n", "\r")),
    "quote_in_header": refused("header_not_csv", "not CSV", '"order_seq' + GOOD),
    "semicolons": refused("separator", "';'", GOOD.replace(",", ";")),
    "tabs": refused("separator", "'\\t'", GOOD.replace(",", "\t")),
    "bars": refused("separator", "'|'", GOOD.replace(",", "|")),
    "separator_hint": refused("header_unknown", "no header", "sep=,\n" + GOOD),
    "comment_first": refused("header_unknown", "no header", "# week 51\n" + GOOD),
    "column_twice": refused(
        "column_twice", "'status' is there twice", first_line([*COLUMNS[:-1], "status"])
    ),
    "column_missing": refused(
        "columns_missing", "check_out_expected is missing", first_line(COLUMNS[:-1])
    ),
    "column_unknown": refused(
        "columns_unknown", "'comment' is unknown", first_line([*COLUMNS, "comment"])
    ),
    "column_without_name": refused("columns_unknown", "'' is unknown", first_line([*COLUMNS, ""])),
    "column_misspelt": refused(
        "columns_differ", "'order_sq' (order_seq?)", first_line(["order_sq", *COLUMNS[1:]])
    ),
    "capitals": refused("columns_differ", "(+17)", first_line(each.upper() for each in COLUMNS)),
    "no_header": refused("header_unknown", "no header: 0 of", csv_line(row(1)) + "\n"),
    "another_table": refused("header_unknown", "0 of", "id,name,price\n1,burger,12000\n"),
    "gzip_cut": refused("gzip_damaged", "damaged or cut off", PACKED[:-20], ".csv.gz"),
    "gzip_without_its_sum": refused("gzip_damaged", "damaged", PACKED[:-4], ".csv.gz"),
    "gzip_flipped": refused(
        "gzip_damaged", "damaged", PACKED[:60] + bytes([PACKED[60] ^ 255]) + PACKED[61:], ".csv.gz"
    ),
    "gzip_and_rubbish": refused("gzip_damaged", "damaged", PACKED + b"rubbish", ".csv.gz"),
    "not_gzip": refused("gzip_damaged", "damaged", GOOD, ".csv.gz"),
    "gzip_of_nothing": refused("header_missing", "no header", gzip.compress(b""), ".csv.gz"),
    "gzip_of_gzip": refused("header_not_text", "not text", gzip.compress(PACKED), ".csv.gz"),
    "empty_gzip": refused("header_missing", "no header", b"", ".csv.gz"),
}
"""Files that are no order files; `file_too_large` and `unpacks_too_large` need a setting."""


def whole(first: int, change: Any = lambda content: content, **fields: Any) -> Trap:
    """A file of two good orders in another form."""
    content = change(csv_text([row(first), row(first + 1)]))
    bytes_of = content.encode() if isinstance(content, str) else content
    return Trap(bytes_of, [first, first + 1], **fields)


SHAPES: Final = {
    "header_alone": Trap(f"{HEADER}\n".encode()),
    "header_without_line_end": Trap(HEADER.encode()),
    "byte_order_mark": whole(1001, lambda content: "\ufeff" + content),
    "columns_in_another_order": Trap(
        csv_text([row(1011), row(1012)], COLUMNS[::-1]).encode(), [1011, 1012]
    ),
    "header_in_quotes_and_blanks": whole(
        1021, lambda content: content.replace(HEADER, line([f" {name} " for name in COLUMNS]))
    ),
    "crlf": whole(1031, lambda content: content.replace("\n", "\r\n")),
    "crlf_and_lf_mixed": whole(1041, lambda content: content.replace("\n", "\r\n", 2)),
    "no_last_line_end": whole(1051, lambda content: content.rstrip("\n")),
    "blank_rows": whole(1061, lambda content: content.replace("\n", "\n\n \n\r\n") + "\n\n"),
    "packed": whole(1071, lambda content: gzip.compress(content.encode()), ending=".csv.gz"),
    "packed_in_two_parts": whole(
        1081,
        lambda content: (
            gzip.compress(content[:700].encode()) + gzip.compress(content[700:].encode())
        ),
        ending=".csv.gz",
    ),
    "packed_and_padded_with_zeros": whole(
        1091, lambda content: gzip.compress(content.encode()) + b"\0" * 512, ending=".csv.gz"
    ),
    "every_field_in_quotes": whole(
        1101,
        lambda content: content.replace("\\N", '"\\N"').replace("COMPLETE", '"COMPLETE"'),
    ),
    "line_break_in_quotes": Trap(
        text(row(1111, contents=PRINTED), "broken", row(1112)),
        [1111, 1112],
        [(3 + PRINTED.count("\n"), "column_count")],
    ),
    "crlf_in_quotes": whole(1121, lambda content: content.replace(", ", ",\r\n")),
    "signs_that_end_lines_elsewhere": Trap(
        text(row(1131, status="a\u2028b\x85c\x1cd\x0be"), row(1132)),
        [1131, 1132],
        flags={1131: ["unknown_status"]},
    ),
    "quote_never_closed": Trap(
        text(row(1141), STRAY, row(1142)), [1141, 1142], [(3, "unbalanced_quote")]
    ),
    "two_stray_quotes": Trap(
        text(row(1151), STRAY, row(1152), STRAY, row(1153)),
        [1151, 1152, 1153],
        [(3, "unbalanced_quote"), (5, "unbalanced_quote")],
    ),
    "quote_opened_in_the_first_row": Trap(
        text(STRAY, row(1161), row(1162)), [1161, 1162], [(2, "unbalanced_quote")]
    ),
    "last_row_cut": Trap(text(row(1171), row(1172))[:-200], [1171], [(3, "unbalanced_quote")]),
    "zeros_of_a_copy_broken_off": Trap(
        text(row(1181)) + b"\0" * 4096, [1181], [(3, "column_count")]
    ),
    "two_exports_in_one_file": Trap(
        text(row(1191), HEADER, row(1192)), [1191, 1192], [(3, "not_an_integer")]
    ),
    "second_export_with_its_mark": Trap(
        text(row(1201), "\ufeff" + HEADER, row(1202)), [1201, 1202], [(3, "not_an_integer")]
    ),
    "sum_below_the_rows": Trap(text(row(1211), "", "total,1,24000"), [1211], [(4, "column_count")]),
    "longer_than_a_row_may_be": Trap(
        text(row(1221), row(5, contents=contents(*[item()] * 5000)), row(1222)),
        [1221, 1222],
        [(3, "row_too_long")],
    ),
    "endless_quote": Trap(
        text(row(1231)) + b'"' + b"x" * 2_500_000 + b"\n" + csv_line(row(1232)).encode(),
        [1231, 1232],
        [(3, "row_too_long")],
    ),
    "every_row_broken": Trap(
        text("a", "b", "c"), (), [(line_number, "column_count") for line_number in (2, 3, 4)]
    ),
    "one_row_in_cp949": Trap(
        text(row(1241)) + csv_line(row(9)).encode("cp949") + b"\n" + csv_line(row(1242)).encode(),
        [1241, 1242],
        [(3, "not_utf8")],
    ),
}


def odd(order: int, *flags: str, **changes: str) -> Trap:
    """A file of one order that is kept and marked."""
    return Trap(text(row(order, **changes)), [order], flags={order: list(flags)} if flags else {})


ONE: Final = json.dumps(ITEM, ensure_ascii=False)

MEANINGS: Final = {
    # The same order more than once in a file.
    "row_twice": Trap(text(row(2001), row(2001)), [2001], superseded=1),
    "key_twice_with_the_same_state": Trap(
        text(row(2011, room_seq="1"), row(2011, room_seq="2")), [2011], superseded=1
    ),
    "newer_state_below": Trap(
        text(row(2021, status="CHECK", complete_date=""), row(2021)), [2021], superseded=1
    ),
    "older_state_below": Trap(
        text(row(2031), row(2031, status="CHECK", complete_date="")), [2031], superseded=1
    ),
    "number_of_another_hotel": Trap(text(row(2041), row(2041, hotel_seq="11")), [2041, 2041]),
    "broken_row_and_its_good_twin": Trap(
        text(row(2051, reg_date="soon"), row(2051)), [2051], [(2, "not_a_time")]
    ),
    # Kept and marked.
    "visitors_0": odd(2101, "visitor_zero", visitor_cnt="0"),
    "visitors_unknown": odd(2102, visitor_cnt="\\N"),
    "guest_in_house": odd(2103, check_out=""),
    "complete_without_its_date": odd(2104, "complete_without_date", complete_date=""),
    "longer_than_a_day": odd(2105, "over_24_hours", complete_date="2017-12-22 19:30:00"),
    "completed_before_ordered": odd(2106, "negative_duration", complete_date="2017-12-20 18:00:00"),
    "price_not_of_its_lines": odd(2107, "price_differs", order_price="1"),
    "price_0": odd(
        2108, order_price="0", contents=contents(item(price=0, resultPrice=0, itemName="수건"))
    ),
    "unknown_word": odd(2109, "unknown_status", status="조리중"),
    "word_in_small_letters": odd(2110, status="complete"),
    "far_future": odd(
        2111, reg_date="2099-12-31 23:59:59", check_date="\\N", complete_date="\\N", status="CHECK"
    ),
    "late_week": odd(
        2112, reg_date="2016-01-04 00:00:00", check_date="", complete_date="", status="CANCEL"
    ),
    "anonymous_guest": odd(2113, customer_seq="\\N", customer_name="\\N"),
    "numbers_of_18_digits": odd(2114, room_seq="9" * 18),
    "zeros_before": odd(2115, order_price="00024000"),
    # What a spreadsheet would run, if it were opened there: words like any others.
    "formula_for_a_status": odd(2121, "unknown_status", status="=CMD|' /C calc'!A0"),
    "formula_for_an_item": odd(2122, contents=contents(item(itemName='=HYPERLINK("http://x")'))),
    "terminal_signs": odd(2123, "unknown_status", status="\x1b[2J\x07"),
    # Forms of contents.
    "single_item": odd(2201, contents=ONE),
    "doubled_quotes": odd(2202, contents=f"[{ONE}]".replace('"', '""')),
    "wrapped_in_quotes": odd(2203, contents=f'"[{ONE}]"'),
    "json_in_json": odd(2204, contents=json.dumps(f"[{ONE}]")),
    "numbers_as_text": odd(2205, contents=contents(item(itemSeq="7", count="2", price="12000"))),
    "decimals_that_are_whole": odd(2206, contents=contents(item(count=2.0, price=12000.0))),
    "unknown_field_nested_deep": odd(
        2207, contents=contents(item(memo=json.loads("[" * 300 + "]" * 300)))
    ),
    "field_twice_in_an_item": odd(
        2208,
        contents=f"[{ONE}]".replace('"count": 2', '"count": 9, "count": 2'),
    ),
    "half_an_hour_early": odd(2209, contents=contents(item(delayPeriod=-30))),
    "thousand_items": odd(
        2210, order_price="\\N", contents=contents(*[{"itemSeq": 1, "count": 1}] * 1000)
    ),
}


def _among_good(number: int, bad: bytes, reason: str) -> Trap:
    """A broken row between two good ones, which have numbers of their own."""
    before, after = (csv_text([row(10_000 + 10 * number + add)]).encode() for add in (1, 2))
    content = before + bad + b"\n" + after.split(b"\n", 1)[1]
    return Trap(content, [10_000 + 10 * number + add for add in (1, 2)], [(3, reason)])


TRAPS: Final[dict[str, Trap]] = {
    **SHAPES,
    **MEANINGS,
    **{
        f"row_{kind}": _among_good(number, bad, reason)
        for number, (kind, (bad, reason, _)) in enumerate(ROWS.items())
    },
    # Content decides, whatever the name: the empty gzip has the bytes of the empty file.
    **{name: trap for name, trap in REFUSED.items() if name != "empty_gzip"},
    # Its header is text: found out when none of its rows is.
    "cp949_rows": refused("not_text", "CP949", csv_text([row(1), row(2)]).encode("cp949")),
}
