"""The metrics that a job leaves behind when it ends."""

from __future__ import annotations

import datetime as dt
import json
import math
from zoneinfo import ZoneInfo

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.lakes import Chain
from tests.order_files import row

from nextloop import settings
from nextloop.errors import DataFault
from nextloop.jobs import metrics
from nextloop.jobs.train import TrainReport

SEOUL = ZoneInfo("Asia/Seoul")


def left(folder, job):
    """Samples of a job's file by name and labels."""
    text = (folder / f"nextloop_{job}.prom").read_text("utf-8")
    return {
        (sample.name.removeprefix("nextloop_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_ingest_leaves_its_rows_reasons_and_stages(tmp_path, sail):
    """Every row of the run is counted once, and each of the three stages has its time."""
    chain = Chain(tmp_path, sail, metrics_folder=str(tmp_path / "textfiles"))
    chain.take_in([row(1), row(2), row(2), "broken"])
    found = left(tmp_path / "textfiles", "ingest")
    outcomes = ("accepted", "rejected", "superseded")
    assert [found["ingest_rows", name] for name in outcomes] == [2, 1, 1]
    assert found["ingest_input_rows",] == 4
    assert found["ingest_replaced_rows",] == 0
    assert found["ingest_rejected_rows", "column_count"] == 1
    assert found["ingest_rejected_rows", "unbalanced_quote"] == 0
    assert found["ingest_files", "ingested"] == 1
    stages = {key[2] for key in found if key[0] == "job_stage_duration_seconds"}
    assert stages == {"validation", "transformation", "conversion"}
    age = (
        dt.datetime.now(dt.UTC).timestamp() - found["job_last_success_timestamp_seconds", "ingest"]
    )
    assert 0 <= age < 600


def test_features_leave_their_rows_and_date(tmp_path, sail):
    """How fresh the features are is their date, not when they were made."""
    chain = Chain(tmp_path, sail, metrics_folder=str(tmp_path / "textfiles"))
    chain.take_in([row(1), row(2)])
    chain.features("2017-12-31")
    found = left(tmp_path / "textfiles", "features")
    assert found["feature_rows", "interactions"] == 2
    as_of = dt.datetime.fromtimestamp(found["features_as_of_timestamp_seconds",], dt.UTC)
    assert as_of.date() == dt.date(2017, 12, 31)


def test_ingest_leaves_how_fresh_landing_and_lake_are(tmp_path, sail):
    """The landing by its newest file, the lake by its newest order, not by when the job ran."""
    chain = Chain(tmp_path, sail, metrics_folder=str(tmp_path / "textfiles"))
    file = chain.put("a.csv", [row(1), row(2, reg_date="2017-12-21 08:00:00")])
    chain.ingest()
    found = left(tmp_path / "textfiles", "ingest")
    landed = found["landing_newest_file_timestamp_seconds",]
    assert landed == pytest.approx(file.stat().st_ctime, abs=0.01)
    newest = dt.datetime.fromtimestamp(found["lake_newest_order_timestamp_seconds",], SEOUL)
    assert newest == dt.datetime(2017, 12, 21, 8, tzinfo=SEOUL)


def test_ingest_leaves_what_became_of_lists(tmp_path, sail):
    """An event that came twice counts once; a lake without events has no series, rather than 0."""
    chain = Chain(tmp_path, sail, metrics_folder=str(tmp_path / "textfiles"))
    chain.take_in([row(1)])
    assert not {key for key in left(tmp_path / "textfiles", "ingest") if "lists" in key[0]}
    now = dt.datetime.now(dt.UTC).isoformat()
    told = {
        "request_id": "r", "hotel_seq": 10, "item_seq": 7, "at": now, "received_at": now,
        "rank": 1, "quantity": None, "revenue": None, "model_version": 3, "slot": "blue",
    }  # fmt: skip
    events = [
        told | {"event_id": "a", "kind": "shown"},
        told | {"event_id": "a", "kind": "shown"},
        told | {"event_id": "b", "kind": "shown", "request_id": "s"},
        told | {"event_id": "c", "kind": "ordered"},
    ]
    (chain.landing / "events").mkdir()
    lines = "".join(json.dumps(event) + "\n" for event in events)
    (chain.landing / "events" / "events-1.jsonl").write_text(lines, "utf-8")
    chain.ingest()
    found = left(tmp_path / "textfiles", "ingest")
    assert (found["shown_lists", "3"], found["hit_lists", "3"]) == (2, 1)


def test_fault_is_left_beside_the_last_success(tmp_path, sail):
    """A run that fails after one that did not leaves both moments, in this order."""
    chain = Chain(tmp_path, sail, metrics_folder=str(tmp_path / "textfiles"))
    chain.take_in([row(1)])
    for file in chain.landing.iterdir():
        file.unlink()
    with pytest.raises(DataFault):
        chain.ingest()
    with pytest.raises(DataFault):
        chain.features("2010-01-01")
    success = left(tmp_path / "textfiles", "ingest")["job_last_success_timestamp_seconds", "ingest"]
    failure = left(tmp_path / "textfiles", "ingest_failure")
    assert failure["job_last_failure_timestamp_seconds", "ingest"] >= success
    assert left(tmp_path / "textfiles", "features_failure")


def test_training_leaves_its_date_and_what_models_reached(tmp_path):
    """A model without a holdout has no figure, rather than one that is no number."""
    report = TrainReport(
        as_of=dt.date(2017, 12, 24),
        k=10,
        versions={"ranker": 2, "context": 1},
        metrics={"ranker": {"ndcg_at_10": 0.5}, "context": {"ndcg_at_10": math.nan}, "ease": {}},
        best="ranker",
        staged=[2],
        split={},
        notes=[],
        seconds={"train": 3.0, "register": 1.0},
    )
    metrics.leave_train(settings.load({"metrics_folder": str(tmp_path)}), report)
    found = left(tmp_path, "train")
    assert found["holdout_ndcg_ratio", "ranker"] == 0.5
    assert not {key for key in found if key[1:] in {("context",), ("ease",)}}
    as_of = dt.datetime.fromtimestamp(found["trained_as_of_timestamp_seconds",], dt.UTC)
    assert as_of.date() == dt.date(2017, 12, 24)
    assert found["job_stage_duration_seconds", "train", "register"] == 1


def test_folder_that_cannot_be_made(tmp_path, sail):
    """The run is done and its report says so; that the metrics are missing is a warning in it."""
    (tmp_path / "file").write_text("", "utf-8")
    chain = Chain(tmp_path, sail, metrics_folder=str(tmp_path / "file" / "textfiles"))
    report = chain.take_in([row(1)])
    assert report.accepted == 1
    assert any("metrics cannot be left" in warning for warning in report.warnings)
    assert chain.features("2017-12-31").made
