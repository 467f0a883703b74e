"""The forms in which exports write `contents`: all of them give the same items."""

from __future__ import annotations

import json

import pytest
from tests.order_files import ITEM, contents, csv_line, csv_text, item, row

ONE = json.dumps(ITEM, ensure_ascii=False)
TWO = contents(item(itemSeq=8), item(itemSeq=9))
STAGED_ITEM = {**ITEM, "waitingPeriod": 20.0, "delayPeriod": 0.0, "completePeriod": 18.0}
FORMS = {
    "array": f"[{ONE}]",
    "single_object": ONE,
    "printed": json.dumps([ITEM], ensure_ascii=False, indent=2),
    "printed_crlf": json.dumps([ITEM], ensure_ascii=False, indent=2).replace("\n", "\r\n"),
    "printed_single": json.dumps(ITEM, ensure_ascii=False, indent=2),
    "blanks_around": f"  [{ONE}] ",
    "blank_before_single": f" {ONE}",
    "escaped": json.dumps([ITEM]),
    "doubled_once_more": f"[{ONE}]".replace('"', '""'),
    "doubled_single": ONE.replace('"', '""'),
    "wrapped": f'"[{ONE}]"',
    "wrapped_and_doubled": '"' + f"[{ONE}]".replace('"', '""') + '"',
    "json_in_json": json.dumps(f"[{ONE}]"),
    "single_in_json": json.dumps(ONE),
    "numbers_as_text": contents(item(itemSeq="7", count="2", price="12000", waitingPeriod="20")),
    "whole_floats": contents(item(itemSeq=7.0, count=2.0, price=12000.0, resultPrice="24000.0")),
    "nulls_as_text": contents(item(couponSeq="")),
    "nulls_as_n": contents(item(couponSeq="\\N")),
    "another_field": contents(item(memo={"a": [1, 2]}, cook="Kim")),
    "field_left_out": contents({name: value for name, value in ITEM.items() if value is not None}),
    "other_order": contents(dict(reversed(ITEM.items()))),
}


@pytest.mark.parametrize("company", ["alone", "among_good", "among_bad"])
@pytest.mark.parametrize("form", FORMS)
def test_form_gives_the_items(read, form, company):
    """Each form gives the same item, alone, among plain rows and beside a broken one."""
    bad = row(4, contents="none")
    others = {"alone": [], "among_good": [row(2), row(3)], "among_bad": [row(2), bad]}[company]
    found = read(csv_text([row(1, contents=FORMS[form]), *others]))
    assert found.accepted[0]["lines"] == [STAGED_ITEM]
    assert found.rows_in - len(found.accepted) == (company == "among_bad")


def test_items_stay_with_their_order(read):
    """Odd forms between plain ones do not shift anybody's items."""
    forms = [ONE, TWO, f'"[{ONE}]"', contents(item(itemSeq="5")), TWO.replace('"', '""')]
    rows = [row(number, contents=text) for number, text in enumerate(forms * 5, 1)]
    found = read(csv_text(rows))
    assert [[line["itemSeq"] for line in order["lines"]] for order in found.accepted] == [
        [7],
        [8, 9],
        [7],
        [5],
        [8, 9],
    ] * 5


@pytest.mark.parametrize("name", ["", "\\N", "a\nb", 'Say "cheese"', "😋", "a\u0000b", "  x "])
@pytest.mark.parametrize("beside", ["[]", TWO])
def test_item_name_is_kept_as_it_was_sent(read, name, beside):
    """Whatever an item is called, it keeps its name, also beside a broken row."""
    found = read(
        csv_text([row(1, contents=contents(item(itemName=name))), row(2, contents=beside)])
    )
    assert found.accepted[0]["lines"][0]["itemName"] == name


def test_line_break_within_a_name_becomes_a_blank(read):
    """Some exports print a name's line break as it is, which JSON does not allow."""
    found = read(csv_text([row(1, contents='[{"itemSeq":1,"count":1,"itemName":"a\nb"}]')]))
    assert found.accepted[0]["lines"][0]["itemName"] == "a b"


def test_long_numbers_keep_their_digits(read):
    """An item number of 17 digits is not rounded, be it a number or a text."""
    long = 12345678901234567
    for sent in (long, str(long)):
        found = read(csv_text([row(1, contents=contents(item(itemSeq=sent, price="12000")))]))
        assert found.accepted[0]["lines"][0]["itemSeq"] == long


def test_several_objects_without_brackets_are_no_array(read):
    """`{...}, {...}` is rejected, among single objects too."""
    found = read(csv_text([row(1, contents=ONE), row(2, contents=f"{ONE},{ONE}"), row(3)]))
    assert found.orders == [1, 3]
    assert found.reasons == [(3, "contents_not_json", "contents")]


def test_order_of_a_hundred_lines_is_accepted(read):
    """A party's order is long and good."""
    found = read(csv_text([row(1, contents=contents(*[item(itemSeq=n) for n in range(100)]))]))
    assert (found.accepted[0]["line_count"], found.accepted[0]["lines_price"]) == (100, 2_400_000)


def test_quotes_in_other_columns_survive(read):
    """Inch marks stand in unquoted fields; they cost nothing and end nothing."""
    line = csv_line(row(1)).replace("Ocean501", 'Ocean 55" TV').replace("COMPLETE", 'a "word"')
    found = read(csv_text([line, row(2)]))
    assert [order["status"] for order in found.accepted] == ['a "word"', "COMPLETE"]
