"""Grafana's dashboards: what is committed is what the code makes, and every query can be asked."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml
from deploy.monitoring.dashboards.__main__ import BOARDS, FOLDER, text_of
from deploy.monitoring.dashboards.outside import METRICS
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from tests.monitoring.panels import NAMES, PANELS, named, queries

from nextloop.telemetry import metrics
from nextloop.telemetry.kinds import HistogramMetric


def known():
    """Give every series' name that is declared or made by a program that we list."""
    names = set().union(*METRICS.values())
    for metric in metrics.ALL:
        parts = ("_bucket", "_sum", "_count") if isinstance(metric, HistogramMetric) else ("",)
        names |= {metric.name + part for part in parts}
    return names


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_committed_dashboard_is_what_the_code_makes(board):
    """`make dashboards` would change nothing."""
    assert (FOLDER / f"{board.name}.json").read_text("utf-8") == text_of(board)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_dashboard_is_of_grafanas_shape(board):
    """Read by the types that are made from Grafana's schema, nothing is lost or unknown."""
    register_default_plugins()
    kept = json.loads((FOLDER / f"{board.name}.json").read_text("utf-8"))
    read = Dashboard.from_json(kept)
    assert json.loads(json.dumps(read, cls=JSONEncoder)) == kept


def test_no_dashboard_is_left_over():
    """A file without code would live on in Grafana, and two of one uid would fight."""
    assert {file.stem for file in FOLDER.glob("*.json")} == {board.name for board in BOARDS}
    assert len({board.uid for board in BOARDS}) == len(BOARDS) == 6


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=NAMES)
def test_panel_names_only_metrics_that_exist(board, panel):
    """Each name is declared by us or in the list of another program's release."""
    for query in queries(panel):
        assert named(query)
        assert named(query) <= known()


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=NAMES)
def test_panel_can_be_read_at_a_glance(board, panel):
    """It has a title, a sentence on what it shows, a unit, and Prometheus by the uid it has."""
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    assert panel["datasource"]["uid"] == "nextloop-prometheus"
    letters = [target["refId"] for target in panel["targets"]]
    assert letters == sorted(set(letters))


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_panels_lie_beside_each_other(board):
    """None is outside the 24 columns or upon another; numbers differ."""
    taken: set[tuple[int, int]] = set()
    made = json.loads(text_of(board))
    for panel in made["panels"]:
        place = panel["gridPos"]
        assert place.get("x", 0) + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place.get("x", 0), place.get("x", 0) + place["w"])
            for y in range(place.get("y", 0), place.get("y", 0) + place["h"])
        }
        assert not cells & taken
        taken |= cells
    numbers = [panel["id"] for panel in made["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_prometheus_understands_every_query(tmp_path):
    """Prometheus's own parser takes each as a rule."""
    rules = [
        {"record": f"panel:number:{number}", "expr": query}
        for number, query in enumerate(query for _, panel in PANELS for query in queries(panel))
    ]
    assert len(rules) > 80
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")
    checked = subprocess.run(
        ["promtool", "check", "rules", file], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_metric_of_ours_is_on_a_dashboard():
    """What nobody looks at is not worth counting."""
    shown = set().union(*(named(query) for _, panel in PANELS for query in queries(panel)))
    for metric in metrics.ALL:
        # When a model was loaded is for alerts that wait a while after it.
        if metric is not metrics.MODEL_LOADED:
            assert any(name.startswith(metric.name) for name in shown), metric.name


def test_grafana_is_told_of_the_source_and_the_folder():
    """Provisioning names the uid that panels use, and nothing can be changed in the browser."""
    folder = FOLDER.parent / "provisioning"
    source = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text("utf-8"))
    assert source["datasources"][0]["uid"] == "nextloop-prometheus"
    boards = yaml.safe_load((folder / "dashboards/nextloop.yaml").read_text("utf-8"))
    assert boards["providers"][0]["allowUiUpdates"] is False
