"""What ended jobs left, as node_exporter serves it."""

from __future__ import annotations

import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from socket import socket

import pytest
from prometheus_client.parser import text_string_to_metric_families

from nextloop import settings
from nextloop.jobs import metrics


@pytest.fixture
def served(tmp_path) -> Iterator[object]:
    """Start node_exporter on a folder; give what asks it for the samples."""
    with closing(socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            "prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
            f"--collector.textfile.directory={tmp_path}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def ask():
        for _ in range(100):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    text = answer.read().decode()
            except OSError:
                time.sleep(0.1)
                continue
            return {
                (sample.name, *sample.labels.values()): sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
            }
        raise AssertionError("node_exporter does not answer")

    try:
        yield ask
    finally:
        process.terminate()
        process.wait(10)


def test_jobs_that_have_ended_still_show(tmp_path, served):
    """A success, another job's, and a later fault of the first lie in three files of one metric."""
    tree = settings.load({"metrics_folder": str(tmp_path)})
    metrics.leave_promote(tree, 1.5)
    with pytest.raises(ZeroDivisionError), metrics.tell_fault(tree, "promote"):
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), metrics.tell_fault(tree, "ingest"):
        raise ZeroDivisionError
    found = served()
    assert found["node_textfile_scrape_error",] == 0
    assert found["nextloop_job_stage_duration_seconds", "promote", "promote"] == 1.5
    success = found["nextloop_job_last_success_timestamp_seconds", "promote"]
    assert success <= found["nextloop_job_last_failure_timestamp_seconds", "promote"]
    assert found["nextloop_job_last_failure_timestamp_seconds", "ingest"] <= time.time()
