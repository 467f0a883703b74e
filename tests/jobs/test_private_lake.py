"""A lake holds nothing that tells who a guest is: every table, every log, every report."""

from __future__ import annotations

from tests.order_files import csv_line, csv_text, row

from nextloop.storage import delta
from nextloop.tables import TABLES

PLANTED = {
    "customer_seq": "888777666",
    "customer_name": "홍길동Zebra",
    "room_name": "Penthouse라운지",
}


def test_no_value_of_any_table_tells_who_the_guest_is(chain):
    """Planted names and numbers are found nowhere, though rows were broken in many ways."""
    good = row(1, **PLANTED)
    line = csv_line(good)
    bad = [
        {**good, "reg_date": "-"},
        {**good, "customer_seq": "888777666x"},
        line.replace("홍길동", '"홍길동'),
        line.replace("Penthouse", "Pent,house"),
        line[:-40],
    ]
    chain.put("a.csv", [good, *bad])
    headless = csv_text([good, {**good, "order_seq": "2"}]).split("\n", 1)[1]
    (chain.landing / "b.csv").write_text(headless, "utf-8")
    report = chain.ingest()
    made = chain.features("2017-12-31")
    told = [repr(report), repr(made)]
    for table in TABLES.values():
        if delta.version(chain.lake, table) != delta.NO_VERSION:
            told.append(repr(delta.read(chain.lake, table).to_pylist()))
            told.append(repr(delta.history(chain.lake, table)))
    logs = [path.read_text("utf-8") for path in chain.root.rglob("*.json")]
    assert (report.accepted, report.rejected, len(report.refused)) == (1, 5, 1)
    words = ("888777666", "홍길동", "Zebra", "Pent", "라운지")
    assert not [word for word in words for text in (*told, *logs) if word in text]
