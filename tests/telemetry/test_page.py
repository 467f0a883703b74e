"""docs/metrics.md says what is declared."""

from __future__ import annotations

from pathlib import Path

from nextloop.telemetry import metrics
from nextloop.telemetry.page import metrics_page

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_page_is_current():
    """`make metrics` would change nothing."""
    assert PAGE.read_text("utf-8") == metrics_page()


def test_every_metric_has_its_row():
    """Name, type, unit, labels and help of each stand in one line of the page."""
    lines = PAGE.read_text("utf-8").splitlines()
    for metric in metrics.ALL:
        row = next(line for line in lines if line.startswith(f"| `{metric.name}` |"))
        assert metric.help in row
        assert f"| {metric.unit} |" in row
        assert all(f"`{label}`" in row for label in metric.labels)
