"""Shipped events become a table: each line once, as a row, a double or a rejected one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from tests.event_files import SOME, Told, content, event

from nextloop.errors import UsageFault
from nextloop.jobs.rejects.listing import overview, show
from nextloop.jobs.rejects.retry import retry
from nextloop.tables import REJECTED_ROWS


def test_lines_become_rows(told):
    """Instants are UTC, the day is that of their receipt, and each says where it came from."""
    more = {"rank": 2, "quantity": 3, "revenue": 24_000, "model_version": 4, "slot": "blue"}
    told.put("a.jsonl", [event(7, kind="ordered", at="2017-12-26T00:10:00+09:00", **more)])
    report = told.take_in()
    assert (report.events_in, report.accepted, report.doubles, report.rejected) == (1, 1, 0, 0)
    (found,) = told.rows()
    assert len(found.pop("file_sha256")) == 64
    assert {name: str(value) for name, value in found.items()} == {
        "hotel_seq": "1", "event_id": "e-7", "request_id": "9f6c0c0ae7d94d6f", "item_seq": "103",
        "kind": "ordered", "at": "2017-12-25 15:10:00+00:00",
        "received_at": "2017-12-25 14:00:01.250000+00:00", "received_date": "2017-12-25",
        "rank": "2", "quantity": "3", "revenue": "24000", "model_version": "4", "slot": "blue",
        "file_name": "events/a.jsonl", "line_number": "1",
    }  # fmt: skip


def test_double_counts_once(told):
    """In one line after the other, in another file, another day, another run; not across hotels."""
    told.put("a.jsonl", [event(1), event(1, item_seq=9), event(1, hotel_seq=2)])
    told.put("b.jsonl", [event(1, received_at="2017-12-27T00:00:00+00:00")])
    told.take_in()
    told.put("c.jsonl", [event(1), event(2)])
    report = told.take_in()
    assert (report.accepted, report.doubles, report.seen_files) == (1, 1, 2)
    stored = [(one["hotel_seq"], one["event_id"], one["item_seq"]) for one in told.rows()]
    assert stored == [(1, "e-1", 103), (1, "e-2", 103), (2, "e-1", 103)]
    assert told.ledger() == {
        "events/a.jsonl#1": (3, 2, 1, 0),
        "events/b.jsonl#1": (1, 0, 1, 0),
        "events/c.jsonl#1": (2, 1, 1, 0),
    }


def test_file_shipped_twice_is_seen(told):
    """Under its name or another: nothing is read again and no table gets a version."""
    told.put("a.jsonl", SOME)
    told.take_in()
    told.put("a.jsonl", SOME)
    told.put("again.jsonl", SOME)
    versions = told.versions()
    report = told.take_in()
    assert (report.new_files, report.seen_files, report.versions) == (0, 2, {})
    assert told.versions() == versions


def test_bad_line_is_rejected_with_file_line_and_reason(told):
    """The lines around it get in, and nobody whom a line names can be read."""
    lines: list[dict[str, Any] | bytes] = [
        event(1, customer_seq=777001),
        "김민수 {".encode(),
        event(2, kind="kim min-su", guest="김민수"),
        {"event_id": "e-3"},
        b"",
        event(4, request_id="kim min-su"),
        event(5, hotel_seq=True),
        b"\xff[1]",
    ]
    told.put_bytes("events/a.jsonl", content(lines) + b'{"event_id": "kim')
    report = told.take_in()
    assert report.reasons == {
        "event_not_json": 2, "event_field_wrong": 3, "event_field_missing": 1, "event_torn": 1,
    }  # fmt: skip
    assert told.ledger() == {"events/a.jsonl#1": (8, 1, 0, 7)}
    rejected = told.rows(REJECTED_ROWS)
    assert [(bad["line_number"], bad["hotel_seq"], bad["column"]) for bad in rejected] == [
        (2, None, None), (3, 1, "kind"), (4, None, "hotel_seq"), (6, 1, "request_id"),
        (7, None, "hotel_seq"), (8, None, None), (9, None, None),
    ]  # fmt: skip
    stored = repr((told.rows(), rejected))
    assert not [name for name in ("김민수", "kim", "777001") if name in stored]


def test_rejected_lines_are_listed_and_explained(told):
    """`nextloop rejects` tells of them as of orders' rows, and does not read them again."""
    told.put("a.jsonl", SOME)
    told.take_in()
    (listed,) = overview(told.settings)["rejects"]
    assert (listed["file"], listed["reason"], listed["open"]) == (
        "events/a.jsonl", "event_not_json", 1,
    )  # fmt: skip
    (shown,) = show(told.settings, language="ko")["shown"]
    assert "JSON" in shown["wrong"]


def test_events_are_not_read_again(told):
    """`nextloop rejects retry` says so of a file of events, instead of doing nothing."""
    told.put("a.jsonl", SOME)
    told.put_bytes("w.csv", b"")
    told.take_in()
    with pytest.raises(UsageFault, match="is a file of events"):
        retry(told.settings, ["events/a.jsonl"])


def test_other_content_under_a_name_is_a_revision(told):
    """Nothing that was there goes; the ledger tells the contents apart."""
    told.put("a.jsonl", [event(1)])
    told.take_in()
    told.put("a.jsonl", [event(1), event(2)])
    told.take_in()
    assert told.ledger() == {"events/a.jsonl#1": (1, 1, 0, 0), "events/a.jsonl#2": (2, 1, 1, 0)}


LINES = st.lists(
    st.builds(
        event,
        st.integers(0, 6),
        hotel_seq=st.integers(1, 2),
        received_at=st.sampled_from(["2017-12-25T14:00:01+00:00", "2017-12-26T14:00:01+00:00"]),
    )
    | st.binary(max_size=6)
    | st.builds(event, st.integers(0, 6), kind=st.none()),
    max_size=8,
)
RUNS = st.lists(st.lists(LINES, min_size=1, max_size=3), min_size=1, max_size=3)


@given(RUNS)
@limits(max_examples=15)
def test_events_in_are_accepted_doubles_or_rejected(runs):
    """Per file and per run the counts add up, and the tables hold what the counts say."""
    with tempfile.TemporaryDirectory() as folder:
        told = Told(Path(folder))
        sizes: dict[str, int] = {}
        for run, files in enumerate(runs):
            for number, lines in enumerate(files):
                text = content(lines)
                told.put_bytes(f"events/{run}-{number}.jsonl", text)
                sizes[f"events/{run}-{number}.jsonl#1"] = sum(
                    bool(line.strip()) for line in text.split(b"\n")
                )
            report = told.take_in()
            assert report.events_in == report.accepted + report.doubles + report.rejected
            assert report.new_files + report.seen_files == len(sizes)
        ledger, stored = told.ledger(), told.rows()
        for name, (lines_in, accepted, doubles, rejected) in ledger.items():
            assert lines_in == accepted + doubles + rejected == sizes[name]
            assert accepted == sum(f"{found['file_name']}#1" == name for found in stored)
        assert len(stored) == len({(found["hotel_seq"], found["event_id"]) for found in stored})
        assert len(told.rows(REJECTED_ROWS)) == sum(counts[3] for counts in ledger.values())
        versions = told.versions()
        assert (told.take_in().new_files, told.versions()) == (0, versions)
