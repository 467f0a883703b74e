"""Airflow's metrics that dashboards and alerts name: this release sends them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import airflow
import pytest
import yaml

ROOT = Path(__file__).parents[2]
OUTSIDE = ROOT / "deploy" / "monitoring" / "dashboards" / "outside.py"
TEMPLATE = "_shared/observability/metrics/metrics_template.yaml"


def named():
    """Give the names that dashboards know of Airflow."""
    spec = importlib.util.spec_from_file_location("outside", OUTSIDE)
    outside = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(outside)
    return sorted(outside.METRICS["Airflow 3.3"])


def sent():
    """Give what Airflow's own list becomes on its way through statsd_exporter."""
    text = (Path(airflow.__file__).parent / TEMPLATE).read_text("utf-8")
    for metric in yaml.safe_load(text)["metrics"]:
        name = "airflow_" + metric["name"].replace(".", "_")
        parts = ("_sum", "_count", "_bucket") if metric["type"] == "timer" else ("",)
        yield from (name + part for part in parts)


@pytest.mark.parametrize("name", named())
def test_airflow_sends_what_is_shown(name):
    """A metric that a release renames would leave its panel empty, and its alert silent."""
    assert name in set(sent())
