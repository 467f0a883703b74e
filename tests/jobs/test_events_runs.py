"""Runs that take events in: with nothing to do, at odds with others, killed, beside orders."""

from __future__ import annotations

import pytest
from tests.event_files import SOME, Told, event
from tests.jobs.test_killed import kill_at, race
from tests.lakes import Chain
from tests.order_files import row

from nextloop.errors import DataFault, NextLoopError, UsageFault
from nextloop.jobs import event_intake
from nextloop.jobs.rejects.retry import retry
from nextloop.storage import delta
from nextloop.storage.lake import writing
from nextloop.storage.landing import list_events
from nextloop.tables import EVENTS, LANDING_FILES, ORDERS, REJECTED_ROWS


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
