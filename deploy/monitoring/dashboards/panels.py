"""What dashboards are made of: a number, lines over time, bars, in one look.

In: queries with titles, units and limits. Out: builders of grafana-foundation-sdk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import bargauge, common, prometheus, stat, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard as models

SOURCE: Final = models.DataSourceRef(type_val="prometheus", uid="nextloop-prometheus")
_WIDTH: Final = 24
_GREEN, _AMBER, _RED = "green", "orange", "red"
Panel = Builder[models.Panel]


@dataclass(frozen=True)
class Query:
    """PromQL and how its series are called.

    Args:
        expr: The query; `$__rate_interval` stands for at least four scrapes.
        legend: Grafana's template over labels.
    """

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Limits:
    """From where on a value is a concern.

    Args:
        warn: Amber from here on.
        bad: Red from here on; below `warn` where little is bad.
    """

    warn: float
    bad: float


@dataclass(frozen=True)
class Board:
    """A dashboard.

    Args:
        name: Names its file; its uid is `nextloop-NAME`.
        title: For people.
        about: What it answers, in a sentence.
        rows: Titles with the panels below them.
    """

    name: str
    title: str
    about: str
    rows: Sequence[tuple[str, Sequence[Panel]]]

    @property
    def uid(self) -> str:
        """What alerts and links call it."""
        return f"nextloop-{self.name}"

    def build(self) -> models.Dashboard:
        """Lay the panels out.

        Returns:
            The dashboard, read only: it is changed here.
        """
        made = (
            builders.Dashboard(self.title)
            .uid(self.uid)
            .description(self.about)
            .tags(["nextloop"])
            .time("now-6h", "now")
            .timezone("browser")
            .refresh("30s")
            .readonly()
            .tooltip(models.DashboardCursorSync.CROSSHAIR)
            .link(
                builders.DashboardLink("NextLoop")
                .type(models.DashboardLinkType.DASHBOARDS)
                .tags(["nextloop"])
                .as_dropdown(True)  # noqa: FBT003 the builder's signature
                .keep_time(True)  # noqa: FBT003 the same
            )
        )
        for title, panels in self.rows:
            made = made.with_row(builders.Row(title))
            for panel in panels:
                made = made.with_panel(panel)
        board = made.build()
        for number, panel_made in enumerate(board.panels or [], start=1):
            panel_made.id_val = number
        return board


def number(
    title: str, about: str, unit: str, query: Query, limits: Limits | None = None, width: int = 4
) -> Panel:
    """Show the latest value of one query large, in the color of its limits."""
    return (
        stat.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .unit(unit)
        .thresholds(_thresholds(limits))
        .color_mode(shapes.BigValueColorMode.VALUE)
        .graph_mode(shapes.BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .no_value("no data")
        .height(4)
        .span(width)
        .with_target(_target(query, "A"))
    )


def names(title: str, about: str, query: Query, width: int = 4) -> Panel:
    """Show what the series are called; their values say nothing."""
    return (
        stat.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .unit("none")
        .text_mode(shapes.BigValueTextMode.NAME)
        .color_mode(shapes.BigValueColorMode.NONE)
        .graph_mode(shapes.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .no_value("no data")
        .height(4)
        .span(width)
        .with_target(_target(query, "A").instant())
    )


def bars(
    title: str, about: str, unit: str, *queries: Query, limits: Limits | None = None, width: int = 8
) -> Panel:
    """Show the latest value of each series as a bar."""
    panel = (
        bargauge.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .unit(unit)
        .min(0)
        .thresholds(_thresholds(limits))
        .orientation(shapes.VizOrientation.HORIZONTAL)
        .display_mode(shapes.BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .no_value("no data")
        .height(8)
        .span(width)
    )
    for letter, query in zip("ABCDEFGH", queries, strict=False):
        panel = panel.with_target(_target(query, letter).instant())
    return panel


def lines(
    title: str,
    about: str,
    unit: str,
    *queries: Query,
    width: int = 12,
    stacked: bool = False,
    limits: Limits | None = None,
) -> Panel:
    """Show series over time, their last and highest values in the legend."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .unit(unit)
        .min(0)
        .line_width(1)
        .fill_opacity(30 if stacked else 5)
        .show_points(shapes.VisibilityMode.NEVER)
        .thresholds(_thresholds(limits))
        .legend(
            common.VizLegendOptions()
            .display_mode(shapes.LegendDisplayMode.TABLE)
            .placement(shapes.LegendPlacement.BOTTOM)
            .show_legend(True)  # noqa: FBT003 the builder's signature
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI))
        .height(8)
        .span(width)
    )
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(shapes.StackingMode.NORMAL))
    if limits is not None:
        style = common.GraphThresholdsStyleConfig().mode(shapes.GraphTresholdsStyleMode.DASHED)
        panel = panel.thresholds_style(style)
    for letter, query in zip("ABCDEFGH", queries, strict=False):
        panel = panel.with_target(_target(query, letter))
    return panel


def _target(query: Query, letter: str) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .expr(query.expr)
        .legend_format(query.legend or "__auto")
        .ref_id(letter)
    )


def _thresholds(limits: Limits | None) -> builders.ThresholdsConfig:
    if limits is None:
        steps = [models.Threshold(None, _GREEN)]
    elif limits.bad >= limits.warn:
        steps = [
            models.Threshold(None, _GREEN),
            models.Threshold(limits.warn, _AMBER),
            models.Threshold(limits.bad, _RED),
        ]
    else:
        steps = [
            models.Threshold(None, _RED),
            models.Threshold(limits.bad, _AMBER),
            models.Threshold(limits.warn, _GREEN),
        ]
    return builders.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)
