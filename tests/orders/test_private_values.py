"""Who the guest is: never in what is accepted, never in what is rejected, however broken."""

from __future__ import annotations

import csv

import pytest
from tests.order_files import KEY, contents, csv_line, csv_text, item, row

from nextloop.privacy import guest_key
from nextloop.tables.order_file import COLUMNS

CUSTOMER, GUEST, ROOM = "888777666", "홍길동Zebra", "Penthouse라운지"
WHO = {"customer_seq": CUSTOMER, "customer_name": GUEST, "room_name": ROOM}


def private(**changes: str) -> dict[str, str]:
    """A row whose guest would be recognised anywhere."""
    return {**row(5, **WHO), **changes}


def moved(by: int, start: str, columns: tuple[str, ...] = COLUMNS) -> str:
    """The row with its fields from one column on moved by some places, 22 fields all the same."""
    texts = [private()[name] for name in columns]
    at = columns.index(start)
    if by > 0:
        texts = [*texts[:at], *["x"] * by, *texts[at:]][:22]
    else:
        texts = [*texts[:at], *texts[at - by :], *["\\N"] * -by]
    return ",".join(f'"{text}"'.replace('"\\N"', "\\N") for text in map(_doubled, texts))


def _doubled(text: str) -> str:
    return text.replace('"', '""')


LINE = csv_line(private())
BROKEN = {
    "good": LINE,
    "bad_time": csv_line(private(reg_date="yesterday")),
    "bad_customer": csv_line(private(customer_seq=CUSTOMER + "a")),
    "bad_contents": csv_line(private(contents="none")),
    "missing_status": csv_line(private(status="")),
    "two_faults": csv_line(private(reg_date="2017-12-20", order_price="1,000")),
    "comma_in_name": LINE.replace(GUEST, f"{GUEST},{GUEST}"),
    "quote_in_name": LINE.replace(GUEST, f'"{GUEST}'),
    "open_quote": '"' + LINE,
    "cut": LINE[: LINE.index(GUEST) + len(GUEST)],
    "field_lost": LINE.replace(f"{ROOM},", ""),
    "tabs": LINE.replace(",", "\t"),
    **{f"moved_{by}_from_{name}": moved(by, name) for by in (-2, -1, 1, 2) for name in COLUMNS},
}


@pytest.mark.parametrize("kind", BROKEN)
def test_nothing_tells_who_the_guest_is(read, kind):
    """Neither accepted nor rejected rows hold the customer's number or any name."""
    newline = row(2, contents=contents(item()).replace(", ", ",\n"))
    for before in (row(2), newline):
        found = read(csv_text([row(1), before, BROKEN[kind], row(3)]))
        assert found.rows_in == 4
        told = repr((found.accepted, found.rejected))
        assert not [text for text in (CUSTOMER, "홍길동", "Zebra", "Penthouse") if text in told]


def test_long_row_shows_only_the_shape_of_its_beginning(read):
    """A row that is never taken apart may hold a name anywhere."""
    bad = csv_line(private(contents=GUEST * 400))
    found = read(csv_text([row(1), bad, row(3)]), max_row_bytes=2048)
    assert found.reasons == [(3, "row_too_long", None)]
    assert set(found.rejected[0]["raw"]) <= set('x9,":{}[] -_.\\')


def test_cp949_names_are_not_shown(read):
    """Bytes that are no UTF-8 are a Korean name more often than not."""
    bad = LINE.encode().replace(GUEST.encode(), GUEST.encode("cp949"))
    found = read(csv_text([row(1)]).encode() + bad + b"\n")
    assert found.reasons == [(3, "not_utf8", None)]
    assert "Zebra" not in repr(found.rejected)


def test_rejected_row_can_be_mended_from_what_is_shown(read):
    """One bad value is shown as it came, the row around it too, with only the guest masked."""
    found = read(csv_text([private(reg_date="2017-02-30 10:00:00")]))
    shown = dict(zip(COLUMNS, next(csv.reader([found.rejected[0]["raw"]])), strict=True))
    assert found.rejected[0]["value"] == "2017-02-30 10:00:00"
    assert shown == {
        **{name: "" if text == "\\N" else text for name, text in private().items()},
        "reg_date": "2017-02-30 10:00:00",
        **dict.fromkeys(WHO, "***"),
    }


def test_guest_is_named_by_the_keyed_hash_the_api_uses(read):
    """The key fits `privacy.guest_key`, differs by hotel, and is null without a customer."""
    found = read(
        csv_text(
            [
                private(),
                private(order_seq="6", hotel_seq="11"),
                private(order_seq="7", customer_seq="\\N"),
            ]
        )
    )
    key = KEY.encode()
    assert [order["guest_key"] for order in found.accepted] == [
        guest_key(key, 10, int(CUSTOMER)),
        guest_key(key, 11, int(CUSTOMER)),
        None,
    ]
