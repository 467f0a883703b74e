"""What Airflow tells, as statsd_exporter would give it to Prometheus with our mapping."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.alerting.promtool import ROOT

from nextloop.stack.tallies import Mapping, Metrics

LINE = re.compile(r"([a-zA-Z_]\w*)(?:\{(.*)\})? (\S+)")
MAPPING = ROOT / "deploy/monitoring/airflow/statsd_mapping.yaml"


@pytest.fixture
def metrics():
    """What was told so far: nothing."""
    return Metrics(Mapping.read(MAPPING))


def samples(metrics):
    """Give values by name and labels."""
    found = {}
    for line in metrics.text().splitlines():
        if not line.startswith("#"):
            read = LINE.fullmatch(line)
            assert read, line
            name, labels, value = read.groups()
            key = (name, *sorted(re.findall(r'(\w+)="([^"]*)"', labels or "")))
            assert key not in found
            found[key] = float(value)
    return found


def test_tags_are_labels_and_dots_underscores(metrics):
    """Counters add up by their tags, and a rate is made up for."""
    metrics.tell(
        b"airflow.ti.finish,dag_id=a,state=failed:1|c\nairflow.ti.finish,state=failed,dag_id=a:2|c"
    )
    metrics.tell(b"airflow.ti.finish,dag_id=a,state=success:1|c|@0.5")
    found = samples(metrics)
    assert found["airflow_ti_finish", ("dag_id", "a"), ("state", "failed")] == 3
    assert found["airflow_ti_finish", ("dag_id", "a"), ("state", "success")] == 2
    assert "# TYPE airflow_ti_finish counter" in metrics.text()


def test_gauges_are_set_and_moved(metrics):
    """A gauge is what was said last; a sign moves it."""
    for value in (b"4", b"7", b"+2", b"-1"):
        metrics.tell(b"airflow.executor.open_slots:" + value + b"|g")
    assert samples(metrics)["airflow_executor_open_slots",] == 8


def test_timers_are_histograms_in_seconds(metrics):
    """Milliseconds fall into the mapping's buckets, the bound itself included."""
    for milliseconds in (b"100", b"100.5", b"9000000"):
        metrics.tell(b"airflow.dagrun.duration.success,dag_id=a:" + milliseconds + b"|ms")
    found = samples(metrics)
    name, dag = "airflow_dagrun_duration_success", ("dag_id", "a")
    assert found[f"{name}_bucket", dag, ("le", "0.1")] == 1
    assert found[f"{name}_bucket", dag, ("le", "0.5")] == 2
    assert found[f"{name}_bucket", dag, ("le", "7200")] == 2
    assert found[f"{name}_bucket", dag, ("le", "+Inf")] == found[f"{name}_count", dag] == 3
    assert found[f"{name}_sum", dag] == pytest.approx(9000.2005)


def test_what_names_every_file_is_dropped(metrics):
    """The mapping's patterns are of the whole name."""
    metrics.tell(b"airflow.dag_processing.last_run.seconds_ago.dags/a.py:1|g")
    metrics.tell(b"airflow.dag_processing.import_errors:0|g")
    assert list(samples(metrics)) == [
        ("airflow_dag_processing_import_errors",),
        ("statsd_refused_total",),
    ]


def test_what_is_not_understood_is_counted(metrics):
    """A line that means nothing, or another kind of a known name, changes nothing else."""
    metrics.tell(b"a:1|c\na:1|g\nb:x|c\nnothing\nc,d:1|c\ne:1|s\nf:1|c|@0\ng:1|c|@1e-320")
    assert samples(metrics) == {("a",): 1, ("statsd_refused_total",): 7}


def test_series_are_bounded(metrics):
    """A sender that names every run anew fills a bounded space."""
    for number in range(6_000):
        metrics.tell(b"airflow.runs,run=%d:1|c" % number)
    assert len(samples(metrics)) == 5_001
    assert samples(metrics)["statsd_refused_total",] == 1_000


def test_mapping_that_asks_for_more_is_refused(tmp_path):
    """A rule that only statsd_exporter understands would make other names here."""
    file = tmp_path / "mapping.yaml"
    text = MAPPING.read_text("utf-8").replace("action: drop", "action: map")
    file.write_text(text, "utf-8")
    with pytest.raises(ValueError, match="more than is known"):
        Mapping.read(file)


@given(st.binary(max_size=60))
def test_no_datagram_breaks_it(datagram):
    """Whatever is sent, what comes out can be read."""
    metrics = Metrics(Mapping.read(MAPPING))
    metrics.tell(datagram)
    samples(metrics)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9))))
def test_counters_are_sums(told):
    """Each name's value is the sum of what was told of it."""
    metrics = Metrics(Mapping.read(MAPPING))
    for name, value in told:
        metrics.tell(f"{name}:{value}|c".encode())
    for name in {name for name, _ in told}:
        assert samples(metrics)[name,] == sum(value for other, value in told if other == name)
