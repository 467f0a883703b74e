"""The metrics that a job leaves behind when it ends."""

from __future__ import annotations

import datetime as dt

from prometheus_client.parser import text_string_to_metric_families

from tests.lakes import Chain
from tests.order_files import row


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


def test_folder_that_cannot_be_made(tmp_path, sail):
    """The run is done and its report says so; that the metrics are missing is a warning in it."""
    (tmp_path / "file").write_text("", "utf-8")
    chain = Chain(tmp_path, sail, metrics_folder=str(tmp_path / "file" / "textfiles"))
    report = chain.take_in([row(1)])
    assert report.accepted == 1
    assert any("metrics cannot be left" in warning for warning in report.warnings)
    assert chain.features("2017-12-31").made
