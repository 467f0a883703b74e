"""What ended jobs left, as node_exporter serves it."""

from __future__ import annotations

import time

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.monitoring.conftest import get, node_exporter

from nextloop import settings
from nextloop.jobs import metrics


def test_jobs_that_have_ended_still_show(tmp_path):
    """A success, another job's, and a later fault of the first lie in three files of one metric."""
    tree = settings.load({"metrics_folder": str(tmp_path)})
    metrics.leave_promote(tree, 1.5)
    for job in ("promote", "ingest"):
        with pytest.raises(ZeroDivisionError), metrics.tell_fault(tree, job):
            raise ZeroDivisionError
    with node_exporter(tmp_path, "--collector.disable-defaults") as address:
        text = get(f"http://{address}/metrics")
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["node_textfile_scrape_error",] == 0
    assert found["nextloop_job_stage_duration_seconds", "promote", "promote"] == 1.5
    success = found["nextloop_job_last_success_timestamp_seconds", "promote"]
    assert success <= found["nextloop_job_last_failure_timestamp_seconds", "promote"]
    assert found["nextloop_job_last_failure_timestamp_seconds", "ingest"] <= time.time()
