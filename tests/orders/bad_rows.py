"""Kinds of broken rows: each with the reason and the column that it is rejected for."""

from __future__ import annotations

from typing import Any, Final

from tests.order_files import contents, csv_line, item, line, row

from nextloop.tables.order_file import COLUMNS

BAD = 99
DOUBLE = contents(item()) + " " + contents(item())


def cell(column: str, text: str) -> bytes:
    """The bad row, broken by one cell."""
    return csv_line({**row(BAD), column: text}).encode()


def fields(count: int) -> bytes:
    """The bad row with fewer or more fields than the header."""
    found = row(BAD)
    return line([*(found[name] for name in COLUMNS), *["x"] * 9][:count]).encode()


def unquoted(before: str, after: str) -> bytes:
    """The bad row with a change behind CSV's back."""
    text = csv_line(row(BAD))
    assert before in text
    return text.replace(before, after, 1).encode()


def items(*found: Any) -> bytes:
    """The bad row with these items."""
    return cell("contents", contents(*found))


ROWS: Final[dict[str, tuple[bytes, str, str | None]]] = {
    # shape
    "too_few_fields": (fields(21), "column_count", None),
    "too_many_fields": (fields(23), "column_count", None),
    "one_field": (b"total: 3 orders", "column_count", None),
    "header_again": (",".join(COLUMNS).encode(), "not_an_integer", "order_seq"),
    "comma_without_quotes": (unquoted("Ocean501", "Ocean,501"), "column_count", None),
    "semicolons": (unquoted(",", ";"), "column_count", None),
    "quote_never_closed": (unquoted("Ocean501", '"Ocean501'), "unbalanced_quote", None),
    "text_after_closing_quote": (unquoted("COMPLETE", '"COMP"LETE'), "unbalanced_quote", None),
    "number_after_closing_quote": (unquoted(",24000,", ',"240"00,'), "unbalanced_quote", None),
    "lone_carriage_return": (unquoted("Ocean501", "Ocean\r501"), "unbalanced_quote", None),
    "cut_off_in_contents": (csv_line(row(BAD)).encode()[:150], "unbalanced_quote", None),
    "cut_off_between_fields": (csv_line(row(BAD)).encode()[:-60], "column_count", None),
    "comma_at_the_end": (fields(22) + b",", "column_count", None),
    "single_quotes": (unquoted('"[', "'["), "column_count", None),
    "blank_before_the_quote": (unquoted(',"[', ', "['), "column_count", None),
    "backslashes_before_quotes": (
        csv_line(row(BAD)).replace('""', '\\"').encode(),
        "unbalanced_quote",
        None,
    ),
    "summary_of_a_report": (b'"Total","3 orders","72,000"', "column_count", None),
    "comment": (b"# exported by the night shift", "column_count", None),
    "zeros_of_a_lost_disk_block": (b"\0" * 300, "column_count", None),
    # text
    "cp949_item": (
        csv_line(row(BAD)).replace("치킨", "\udc80").encode("utf-8", "surrogateescape"),
        "not_utf8",
        None,
    ),
    "cp949_guest": (
        csv_line(row(BAD)).encode().replace("김민수".encode(), "김민수".encode("cp949")),
        "not_utf8",
        None,
    ),
    "latin1_room": (csv_line(row(BAD)).encode().replace(b"Ocean", b"Oc\xe9an"), "not_utf8", None),
    "overlong_utf8": (
        csv_line(row(BAD)).encode().replace(b"Ocean", b"Oc\xc0\x80an"),
        "not_utf8",
        None,
    ),
    "surrogate_as_utf8": (
        csv_line(row(BAD)).encode().replace(b"Ocean", b"Oc\xed\xa0\x80an"),
        "not_utf8",
        None,
    ),
    # required
    "no_order_seq": (cell("order_seq", ""), "missing_value", "order_seq"),
    "null_hotel": (cell("hotel_seq", "\\N"), "missing_value", "hotel_seq"),
    "no_status": (cell("status", ""), "missing_value", "status"),
    "blank_status": (cell("status", " \t "), "missing_value", "status"),
    "no_contents": (cell("contents", "\\N"), "missing_value", "contents"),
    "no_reg_date": (cell("reg_date", ""), "missing_value", "reg_date"),
    "nothing_but_commas": (b"," * 21, "missing_value", "order_seq"),
    # numbers
    "hexadecimal": (cell("order_price", "0x1f"), "not_an_integer", "order_price"),
    "plus_sign": (cell("room_seq", "+5"), "not_an_integer", "room_seq"),
    "space_before": (cell("room_seq", " 5"), "not_an_integer", "room_seq"),
    "space_after": (cell("customer_seq", "5 "), "not_an_integer", "customer_seq"),
    "minus_alone": (cell("order_price", "-"), "not_an_integer", "order_price"),
    "thousands_comma": (cell("order_price", "24,000"), "not_an_integer", "order_price"),
    "fraction": (cell("order_price", "24000.0"), "not_an_integer", "order_price"),
    "exponent": (cell("order_price", "24e3"), "not_an_integer", "order_price"),
    "full_width_digits": (cell("room_seq", "\uff15\uff10\uff11"), "not_an_integer", "room_seq"),
    "word": (cell("visitor_cnt", "two"), "not_an_integer", "visitor_cnt"),
    "null_as_a_word": (cell("room_seq", "NULL"), "not_an_integer", "room_seq"),
    "not_available": (cell("visitor_cnt", "N/A"), "not_an_integer", "visitor_cnt"),
    "with_currency": (cell("order_price", "₩24000"), "not_an_integer", "order_price"),
    "with_unit": (cell("visit_adult_cnt", "2명"), "not_an_integer", "visit_adult_cnt"),
    "text_marker_of_a_spreadsheet": (cell("order_seq", "'1001"), "not_an_integer", "order_seq"),
    "formula_for_a_number": (cell("order_price", "=1+1"), "not_an_integer", "order_price"),
    "nan": (cell("visitor_cnt", "NaN"), "not_an_integer", "visitor_cnt"),
    "nul_in_number": (cell("hotel_seq", "1\x000"), "not_an_integer", "hotel_seq"),
    "nineteen_digits": (cell("order_seq", "9" * 19), "not_an_integer", "order_seq"),
    "negative_count": (cell("visit_adult_cnt", "-1"), "out_of_range", "visit_adult_cnt"),
    "negative_order_price": (cell("order_price", "-24000"), "out_of_range", "order_price"),
    "negative_number": (cell("hotel_seq", "-10"), "out_of_range", "hotel_seq"),
    "ten_thousand_guests": (cell("visitor_cnt", "10000"), "out_of_range", "visitor_cnt"),
    # times
    "30_february": (cell("reg_date", "2017-02-30 10:00:00"), "not_a_time", "reg_date"),
    "24_hours": (cell("reg_date", "2017-12-20 24:00:00"), "not_a_time", "reg_date"),
    "leap_second": (cell("reg_date", "2016-12-31 23:59:60"), "not_a_time", "reg_date"),
    "date_only": (cell("check_in", "2017-12-20"), "not_a_time", "check_in"),
    "without_seconds": (cell("check_date", "2017-12-20 19:00"), "not_a_time", "check_date"),
    "with_t": (cell("reg_date", "2017-12-20T19:00:00"), "not_a_time", "reg_date"),
    "with_fraction": (cell("reg_date", "2017-12-20 19:00:00.0"), "not_a_time", "reg_date"),
    "with_zone": (cell("reg_date", "2017-12-20 19:00+09"), "not_a_time", "reg_date"),
    "slashes": (cell("reg_date", "2017/12/20 19:00:00"), "not_a_time", "reg_date"),
    "day_first": (cell("reg_date", "20-12-2017 19:00:00"), "not_a_time", "reg_date"),
    "ambiguous_day_and_month": (
        cell("reg_date", "03/04/2017 19:00:00"),
        "not_a_time",
        "reg_date",
    ),
    "31_june": (cell("check_date", "2017-06-31 19:00:00"), "not_a_time", "check_date"),
    "29_february_of_no_leap_year": (
        cell("reg_date", "2017-02-29 19:00:00"),
        "not_a_time",
        "reg_date",
    ),
    "zero_date": (cell("check_date", "0000-00-00 00:00:00"), "not_a_time", "check_date"),
    "afternoon": (cell("reg_date", "2017-12-20 07:00:00 PM"), "not_a_time", "reg_date"),
    "in_korean": (cell("reg_date", "2017년 12월 20일 19시"), "not_a_time", "reg_date"),
    "serial_number_of_a_spreadsheet": (cell("reg_date", "43089.79"), "not_a_time", "reg_date"),
    "epoch_seconds": (cell("reg_date", "1513764000"), "not_a_time", "reg_date"),
    "short_month": (cell("reg_date", "2017-1-20  19:00:00"), "not_a_time", "reg_date"),
    "full_width_year": (
        cell("reg_date", "\uff12\uff10\uff11\uff17-12-20 19:00:00"),
        "not_a_time",
        "reg_date",
    ),
    "year_1900": (cell("reg_date", "1900-01-01 00:00:00"), "out_of_range", "reg_date"),
    "year_2100": (cell("reg_date", "2100-01-01 00:00:00"), "out_of_range", "reg_date"),
    "year_1": (cell("check_in", "0001-01-01 00:00:00"), "out_of_range", "check_in"),
    "year_9999": (cell("check_out", "9999-12-31 00:00:00"), "out_of_range", "check_out"),
    # contents
    "not_json": (cell("contents", "burger x 2"), "contents_not_json", "contents"),
    "half_json": (cell("contents", contents(item())[:40]), "contents_not_json", "contents"),
    "two_documents": (cell("contents", DOUBLE), "contents_not_json", "contents"),
    "trailing_comma": (cell("contents", '[{"itemSeq": 1},]'), "contents_not_json", "contents"),
    "json_in_single_quotes": (
        cell("contents", "[{'itemSeq': 1, 'count': 1}]"),
        "contents_not_json",
        "contents",
    ),
    "json_with_a_comment": (
        cell("contents", '[{"itemSeq": 1, "count": 1} /* two */]'),
        "contents_not_json",
        "contents",
    ),
    "json_with_none": (
        cell("contents", '[{"itemSeq": 1, "count": 1, "couponSeq": None}]'),
        "contents_not_json",
        "contents",
    ),
    "json_escaped_for_a_page": (
        cell("contents", "[{&quot;itemSeq&quot;: 1, &quot;count&quot;: 1}]"),
        "contents_not_json",
        "contents",
    ),
    "infinity": (
        cell("contents", '[{"itemSeq": 1, "count": 1, "price": Infinity}]'),
        "contents_not_json",
        "contents",
    ),
    "half_of_a_surrogate_pair": (
        cell("contents", '[{"itemSeq": 1, "count": 1, "itemName": "\\ud83c"}]'),
        "contents_not_json",
        "contents",
    ),
    "array_of_arrays": (
        cell("contents", '[[{"itemSeq": 1, "count": 1}]]'),
        "contents_not_json",
        "contents",
    ),
    "nested_without_end": (cell("contents", "[" * 100_000), "contents_not_json", "contents"),
    "blank_contents": (cell("contents", "   "), "contents_not_json", "contents"),
    "number_for_contents": (cell("contents", "5"), "contents_not_json", "contents"),
    "null_for_contents": (cell("contents", "null"), "contents_not_json", "contents"),
    "array_of_numbers": (cell("contents", "[1, 2]"), "contents_not_json", "contents"),
    "array_with_null": (items(item(), None), "contents_not_json", "contents"),
    "not_a_number": (
        cell("contents", '[{"itemSeq": 1, "count": 1, "waitingPeriod": NaN}]'),
        "contents_not_json",
        "contents",
    ),
    "smuggled_second_list": (
        cell("contents", contents(item()) + ',"lines":' + contents(item())),
        "contents_not_json",
        "contents",
    ),
    "smuggled_field": (
        cell("contents", contents(item(memo=1)) + ',"other":[1]'),
        "contents_not_json",
        "contents",
    ),
    "smuggled_second_row": (
        cell("contents", contents(item()) + '}{"lines":' + contents(item())),
        "contents_not_json",
        "contents",
    ),
    "empty_array": (cell("contents", "[]"), "contents_empty", "contents"),
    "empty_object": (cell("contents", "{}"), "contents_item", "contents"),
    "no_item_seq": (items(item(), item(itemSeq=None)), "contents_item", "contents"),
    "no_count": (items(item(count=None)), "contents_item", "contents"),
    "count_zero": (items(item(count=0)), "contents_item", "contents"),
    "count_of_10_001": (items(item(count=10_001)), "contents_item", "contents"),
    "count_one_and_a_half": (items(item(count=1.5)), "contents_item", "contents"),
    "negative_price": (items(item(price=-1)), "contents_item", "contents"),
    "negative_free_count": (items(item(freeCount=-1)), "contents_item", "contents"),
    "negative_result": (items(item(resultPrice=-500)), "contents_item", "contents"),
    "huge_price": (items(item(price=10**12)), "contents_item", "contents"),
    "number_beyond_64_bits": (items(item(itemSeq=10**19)), "contents_item", "contents"),
    "negative_item_number": (items(item(itemSeq=-1)), "contents_item", "contents"),
    "price_with_thousands_comma": (items(item(price="12,000")), "contents_item", "contents"),
    "price_in_full_width_digits": (items(item(price="１２０００")), "contents_item", "contents"),
    "wait_with_unit": (items(item(waitingPeriod="20분")), "contents_item", "contents"),
    "fields_in_capitals": (
        cell("contents", '[{"ItemSeq": 1, "Count": 1}]'),
        "contents_item",
        "contents",
    ),
    "endless_wait": (items(item(waitingPeriod=1e300)), "contents_item", "contents"),
    "price_in_words": (items(item(price="twelve")), "contents_item", "contents"),
    "price_a_list": (items(item(price=[12000])), "contents_item", "contents"),
    "count_true": (items(item(count=True)), "contents_item", "contents"),
    "name_an_object": (items(item(itemName={"ko": "버거"})), "contents_item", "contents"),
}
