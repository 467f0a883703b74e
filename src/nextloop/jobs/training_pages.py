"""A training's report: what was learned and how well it did, as a page and pictures for MLflow.

A training's result goes in, HTML and SVG texts by path come out; `registry.publish` keeps them with
the training's run, where MLflow's page shows them as artifacts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from importlib import resources
from typing import Final

import numpy as np

from nextloop.jobs.report import charts
from nextloop.jobs.report.drawing import Series
from nextloop.jobs.report.markup import Markup, join, tag
from nextloop.recommender import ranking_features
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.ranker import Ranker
from nextloop.recommender.state import State
from nextloop.recommender.summary import COMPLETE, HISTORY_BANDS
from nextloop.recommender.training import TrainingResult

_BANDS: Final = {"0": "0", "1": "1", "2_5": "2-5", "more": "6+"}
_HOURS: Final = 24
_MOST: Final = 12
_LINES: Final = 5

Section = tuple[str, str, str, Markup]
"""File name, English and Korean heading, chart."""


def training_pages(
    result: TrainingResult, config: TrainingConfig, as_of: dt.date
) -> dict[str, str]:
    """Draw the report.

    Args:
        result: The training's.
        config: What it was told.
        as_of: Last day that it learned from.

    Returns:
        Texts by path: `report.html`, and each chart as `pictures/<name>.svg`.
    """
    style = resources.files("nextloop.jobs.report").joinpath("report.css").read_text("utf-8")
    sections = [*_measured(result, config.k), *_learned(result)]
    body = [tag("h1", f"Training as of {as_of}"), *_notes(result)]
    for _, english, korean, chart in sections:
        heading = tag("h2", english, " ", tag("span", korean, lang="ko"))
        body.append(tag("section", heading, chart))
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("title", f"Training as of {as_of}"),
        tag("style", Markup(style)),
    )
    page = tag("html", head, tag("body", tag("main", *body)), lang="en")
    pages = {"report.html": f"<!doctype html>\n{page}\n"}
    for name, _, _, chart in sections:
        pages[f"pictures/{name}.svg"] = _alone(chart, style)
    return pages


def _notes(result: TrainingResult) -> list[Markup]:
    asked = result.split.get("test_orders", 0)
    said = f"Chosen on the validation: {result.best}. Orders held out as the test: {asked:,}."
    return [tag("p", said), *(tag("p", note) for note in result.notes)]


def _alone(chart: Markup, style: str) -> str:
    """Make a picture of a chart that carries its own style; a legend before it is left out."""
    svg = chart[chart.index("<svg") :]
    opened = svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    end = opened.index(">") + 1
    return f"{opened[:end]}<style>{style}</style>{opened[end:]}\n"


def _measured(result: TrainingResult, k: int) -> Iterator[Section]:
    metrics = {name: model.metrics for name, model in result.models.items()}
    for task, name, english, korean in (
        ("", "next-order", f"The next order, NDCG@{k}", "다음 주문"),
        (COMPLETE, "missing-item", f"The missing item of an order, NDCG@{k}", "주문에 더할 메뉴"),
    ):
        key = f"{task}ndcg_at_{k}"
        rows = [
            (model, m[key], m[f"{key}_low"], m[f"{key}_high"])
            for model, m in metrics.items()
            if key in m
        ]
        if rows and max(high for *_, high in rows) > 0:
            yield name, english, korean, charts.intervals(name, english, english, rows)
    bands = [f"ndcg_at_{k}_history_{band}" for band in HISTORY_BANDS]
    series = [
        Series(model, [m.get(band) for band in bands])
        for model, m in metrics.items()
        if any(m.get(band) for band in bands)
    ]
    if series:
        title = f"NDCG@{k} by earlier orders of the guest"
        chart = charts.lines("by-history", title, title, list(_BANDS.values()), series)
        yield "by-history", title, "손님의 이전 주문 수별", chart


def _learned(result: TrainingResult) -> Iterator[Section]:
    state = next(iter(result.models.values())).bundle.state
    yield from _hours(state)
    yield from _pairs(state)
    ranker = result.models.get(Ranker.name)
    model = ranker.bundle.model if ranker else None
    if isinstance(model, Ranker):
        for part, english, korean in (
            ("opening", "What decides about the next order", "다음 주문 추천의 근거"),
            ("completing", "What decides about the missing item", "더할 메뉴 추천의 근거"),
        ):
            gain = getattr(model.trees, part).feature_importance("gain")
            most = np.argsort(-gain, kind="stable")[:_MOST]
            rows = [
                (ranking_features.NAMES[at], float(gain[at]), f"{gain[at] / gain.sum():.0%}")
                for at in most
                if gain[at] > 0
            ]
            if rows:
                yield part, english, korean, charts.bars(part, english, english, rows)


def _hours(state: State) -> Iterator[Section]:
    """Show how the most ordered items of the busiest hotel go with the hour."""
    hotel = int(state.popularity.hotel_orders.argmax())
    rows = state.catalog.rows(hotel)
    most = rows.start + np.argsort(-state.popularity.orders[rows], kind="stable")[:_LINES]
    series = [
        Series(_name(state, int(item)), np.exp(state.context.hour.log[item]).round(3).tolist())
        for item in most
    ]
    if series:
        title = f"Hotel {int(state.catalog.hotel[hotel])}: times as often as usual, by hour"
        labels = [str(hour) for hour in range(_HOURS)]
        chart = charts.lines("hours", title, title, labels, series)
        yield "hours", title, "시간대별 주문 배수", chart


def _pairs(state: State) -> Iterator[Section]:
    """Show which items are in one stay much more often than by chance."""
    pairs, catalog = state.together, state.catalog
    ahead = pairs.first < pairs.second
    first, second, stays = pairs.first[ahead], pairs.second[ahead], pairs.stays[ahead]
    hotel = np.searchsorted(catalog.start, first, side="right") - 1
    usual = pairs.item_stays[first] / np.maximum(pairs.hotel_stays[hotel], 1)
    lift = (stays + 1) / (usual * pairs.item_stays[second] + 1)
    score = np.where(stays >= _LINES, lift, 0)
    rows = [
        (
            f"{_name(state, int(first[at]))} + {_name(state, int(second[at]))}",
            float(lift[at]),
            f"{lift[at]:.1f} ({stays[at]})",
        )
        for at in np.argsort(-score, kind="stable")[:_MOST]
        if score[at] > 1
    ]
    if rows:
        title = "Pairs: times as often in one stay as by chance (stays)"
        chart = join(charts.bars("pairs", title, title, rows))
        yield "pairs", title, "함께 주문되는 메뉴", chart


def _name(state: State, item: int) -> str:
    """Name an item, shortened, so that names fit beside bars."""
    name = state.catalog.name[item].strip() or f"item {int(state.catalog.item[item])}"
    return name if len(name) <= _MOST else f"{name[: _MOST - 1]}…"
