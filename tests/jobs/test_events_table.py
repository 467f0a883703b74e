"""Shipped events become a table: each once, whatever was sent, shipped or killed how often."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from tests.event_files import Told, content, event
from tests.jobs.test_killed import kill_at, race
from tests.lakes import Chain
from tests.order_files import row

from nextloop.errors import DataFault, NextLoopError, UsageFault
from nextloop.jobs import event_intake
from nextloop.jobs.rejects.listing import overview, show
from nextloop.jobs.rejects.retry import retry
from nextloop.storage import delta
from nextloop.storage.lake import writing
from nextloop.storage.landing import list_events
from nextloop.tables import EVENTS, LANDING_FILES, ORDERS, REJECTED_ROWS

SOME: list[dict[str, Any] | bytes] = [
    event(1),
    event(2, kind="ordered", revenue=16_000),
    b"broken",
    event(1),
    event(3),
]


@pytest.fixture
def told(tmp_path):
    """An empty landing, and a lake without events."""
    return Told(tmp_path)


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


def test_landing_without_events(told):
    """Nothing to do is no fault, and makes no table of events."""
    assert told.take_in().new_files == 0
    assert delta.version(told.lake, EVENTS) == delta.NO_VERSION


def test_file_that_is_not_ours_is_left_alone(told):
    """Order files, drafts and hidden files in the folder are no events."""
    told.put_bytes("events/orders.csv", b"order_seq\n")
    told.put_bytes("events/a.jsonl.3f.writing", b"{}\n")
    told.put_bytes("events/.a.jsonl", b"{}\n")
    assert told.take_in().new_files == 0


def test_other_content_under_a_name_is_a_revision(told):
    """Nothing that was there goes; the ledger tells the contents apart."""
    told.put("a.jsonl", [event(1)])
    told.take_in()
    told.put("a.jsonl", [event(1), event(2)])
    told.take_in()
    assert told.ledger() == {"events/a.jsonl#1": (1, 1, 0, 0), "events/a.jsonl#2": (2, 1, 1, 0)}


def test_many_files_are_published_in_batches(told, monkeypatch):
    """What is held in memory is bounded; each batch is final by itself."""
    monkeypatch.setattr(event_intake, "_BATCH_BYTES", 500)
    for number in range(6):
        told.put(f"{number}.jsonl", [event(number), event(99)])
    report = told.take_in()
    assert (report.new_files, report.accepted, report.doubles) == (6, 7, 5)
    assert delta.version(told.lake, LANDING_FILES) > 1
    assert len(told.rows()) == 7


def test_lake_that_is_written_to_is_left_alone(told):
    """Only one run writes to a folder."""
    told.put("a.jsonl", SOME)
    with writing(told.lake), pytest.raises(NextLoopError, match="is writing"):
        told.take_in()


def test_lake_must_be_there(tmp_path):
    """Events come after orders."""
    told = Told(tmp_path)
    missing = told.settings.model_copy(update={"lake": str(tmp_path / "nowhere")})
    with pytest.raises(DataFault, match="There is no lake"):
        event_intake.take_in(missing)


def test_landing_must_be_there(told, tmp_path):
    """A name that was mistyped is not an empty landing."""
    missing = told.settings.model_copy(update={"landing": str(tmp_path / "nowhere")})
    with pytest.raises(UsageFault, match="is not a folder"):
        event_intake.take_in(missing)


def test_file_that_is_written_to_is_left_for_the_next_run(told, monkeypatch):
    """The others are taken in, and what was listed in one state is not read in another."""
    told.put("a.jsonl", [event(1)])
    told.put("b.jsonl", [event(2)])
    listed = list_events

    def list_then_write(place):
        found = listed(place)
        told.put("a.jsonl", [event(1), event(3)])
        return found

    with monkeypatch.context() as changing:
        changing.setattr(event_intake, "list_events", list_then_write)
        report = told.take_in()
    assert (report.unfinished, report.accepted) == (["events/a.jsonl"], 1)
    assert told.take_in().accepted == 2


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


POINTS = (
    "landing_listed", "file_read", "days_written", "events_published", "rejects_published",
    "ledger_published",
)  # fmt: skip


def begin(told):
    """A lake with a file of events, and two more in the landing."""
    told.put("a.jsonl", SOME)
    told.take_in()
    told.put("b.jsonl", [event(3), event(4), b"broken", event(5), event(4)])
    told.put("c.jsonl", [event(5), event(6, received_at="2017-12-26T14:00:01+00:00")])


def seen(told):
    """What readers see, less what no two runs share."""
    return told.rows(), told.rows(REJECTED_ROWS), told.ledger()


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_intake_killed(tmp_path, point):
    """Wherever it was killed, a rerun gives what an undisturbed run gives."""
    undisturbed, told = Told(tmp_path / "one"), Told(tmp_path / "other")
    for each in (undisturbed, told):
        begin(each)
    undisturbed.take_in()
    kill_at(told, point, "events", "ingest")
    told.take_in()
    assert seen(told) == seen(undisturbed)
    versions = told.versions()
    assert (told.take_in().new_files, told.versions()) == (0, versions)


def test_events_in_a_bucket(gcs):
    """The same in a bucket, where of two runs at once one wins and the other changes nothing."""
    told = Told(gcs.place())
    begin(told)
    late = race(told, "file_read", "events", "ingest")
    assert told.take_in().accepted == 3
    _, said = late.communicate("go\n", timeout=120)
    assert late.returncode == 4, said
    assert "Another run published" in said
    assert told.ledger() == {
        "events/a.jsonl#1": (5, 3, 1, 1),
        "events/b.jsonl#1": (5, 2, 2, 1),
        "events/c.jsonl#1": (2, 1, 1, 0),
    }
    versions = told.versions()
    assert (told.take_in().new_files, told.versions()) == (0, versions)


def test_ingest_takes_orders_and_events(tmp_path, sail):
    """One landing, one command: neither is read as the other, and a rerun changes nothing."""
    chain = Chain(tmp_path, sail)
    told = Told(tmp_path)
    chain.put("w.csv", [row(1), "broken"])
    told.put("a.jsonl", SOME)
    report = chain.ingest()
    assert (report.new_files, report.rows_in, report.refused, report.gone) == (1, 2, [], [])
    assert report.events is not None
    assert (report.events.accepted, report.events.rejected) == (3, 1)
    assert len(chain.rows(ORDERS, "order_seq")) == 1
    assert len(told.rows(REJECTED_ROWS)) == 2
    assert chain.versions().items() <= report.versions.items()
    versions = chain.versions(), told.versions()
    again = chain.ingest()
    assert (again.new_files, again.rewound) == (0, [])
    assert retry(chain.settings, spark=sail).gone == []
    assert (chain.versions(), told.versions()) == versions
    chain.put("x.csv", [row(2)])
    assert chain.ingest().new_files == 1
    assert len(told.rows(REJECTED_ROWS)) == 2
