"""The report's sections on models, orders, rows and time: each a heading, a chart, its numbers.

In come the facts, out goes markup. A chart that would be empty is a sentence that says why.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from nextloop.jobs.report import charts
from nextloop.jobs.report.drawing import COLOURS, Series, number
from nextloop.jobs.report.facts import HOURS, Facts
from nextloop.jobs.report.markup import Markup, join, spoken, tag

_WIDE: Final = 6  # columns; more do not fit a phone with their names side by side
_EPOCH: Final = dt.date(1970, 1, 1)
_METRICS: Final = {
    "ndcg": "NDCG",
    "recall": "Recall",
    "mrr": "MRR",
    "hit_rate": "Hit rate",
    "repeat_recall": "Recall, ordered before",
    "explore_recall": "Recall, new to the guest",
    "coverage": "Menu covered",
}
_BANDS: Final = {"0": "none", "1": "1", "2_5": "2 to 5", "more": "6 or more"}
Metrics = Mapping[str, Mapping[str, float]]


def heading(english: str, korean: str) -> Markup:
    """Write a heading in both languages."""
    return tag("h2", english, " ", tag("span", korean, lang="ko"))


def note(english: str, korean: str) -> Markup:
    """Write a note in both languages."""
    return join(tag("p", english), tag("p", korean, lang="ko"))


def numbers(headers: Sequence[str], rows: Sequence[Sequence[str]], summary: str = "") -> Markup:
    """Lay numbers out as a table, folded under a summary if one is given."""
    head = tag("tr", join(*(tag("th", spoken(header), scope="col") for header in headers)))
    body = (
        tag("tr", tag("th", row[0], scope="row"), join(*(tag("td", cell) for cell in row[1:])))
        for row in rows
    )
    kind = "many" if len(headers) > _WIDE else None
    table = tag("table", tag("thead", head), tag("tbody", join(*body)), class_=kind)
    box = tag("div", table, class_="table")
    return tag("details", tag("summary", summary), box) if summary else box


def models(facts: Facts) -> Markup:
    """Compare the models by their metric with its interval."""
    trained = facts.chain.trained
    key, found = f"ndcg_at_{trained.k}", _measured(facts)
    title = heading("Models compared", "모델 비교")
    if not found:
        return tag("section", title, tag("p", "No order was held out, so nothing was measured."))
    rows = [(name, m[key], m[f"{key}_low"], m[f"{key}_high"]) for name, m in found.items()]
    asked, since = int(next(iter(found.values()))["orders"]), _since(facts)
    said = note(
        f"NDCG@{trained.k}: how high the items that were ordered stand in the list of {trained.k}; "
        f"1 is perfect. Each model ranked the whole menu before {asked:,} orders from {since} on "
        "that none of them had seen; the lines are 95 % intervals over guests.",
        f"NDCG@{trained.k}는 실제로 주문한 메뉴가 추천 {trained.k}개 중 얼마나 위에 있는지를 "
        f"나타냅니다(1이 최고). {since}부터의 주문 {asked:,}건은 학습에 쓰지 않았고, "
        "선은 95% 신뢰구간입니다.",
    )
    chart = charts.intervals(
        "models", f"NDCG at {trained.k} by model", "; ".join(_told(*row) for row in rows), rows
    )
    return tag("section", title, said, chart, _metric_table(found, trained.k))


def history(facts: Facts) -> Markup:
    """Show the metric by how much is known of the guest."""
    key, found = f"ndcg_at_{facts.chain.trained.k}_history", _measured(facts)
    bands = [band for band in _BANDS if any(f"{key}_{band}" in m for m in found.values())]
    title = heading("How much a guest's past helps", "이력이 길수록")
    if not bands:
        return tag("section", title, tag("p", "No order was held out, so nothing was measured."))
    series = [Series(name, [m.get(f"{key}_{band}") for band in bands]) for name, m in found.items()]
    labels = [_BANDS[band] for band in bands]
    said = note(
        "The same metric by the number of earlier orders that were known of the guest.",
        "그 손님의 이전 주문 수에 따른 같은 지표입니다.",
    )
    chart = charts.lines(
        "history", "NDCG by earlier orders of the guest", "One line a model.", labels, series
    )
    return tag("section", title, said, chart, _series_table("earlier orders", labels, series))


def hours(facts: Facts) -> Markup:
    """Show when departments are asked for."""
    labels = [f"{hour}" for hour in range(HOURS)]
    series = _few([Series(name, counts) for name, counts in facts.orders_by_hour.items()])
    said = note(
        "By the hotels' clocks, requests without a price included; an order for two departments "
        "counts in both.",
        "호텔 현지 시각 기준이며 무료 요청도 포함합니다. 두 부서에 걸친 주문은 각각 셉니다.",
    )
    chart = charts.columns(
        "hours", "Orders by hour of the day", "Stacked by department.", labels, series
    )
    table = _series_table("hour", labels, series)
    return tag("section", heading("Orders by hour", "시간대별 주문"), said, chart, table)


def weeks(facts: Facts) -> Markup:
    """Show how many orders came each week."""
    labels = [f"{week:%m-%d}" for week in facts.weeks]
    series = _few([Series(f"hotel {hotel}", n) for hotel, n in facts.orders_by_week.items()])
    said = note(
        f"{facts.order_count:,} orders in the lake, by the Monday that their week starts with.",
        f"저장된 주문 {facts.order_count:,}건을 주가 시작하는 월요일로 나누었습니다.",
    )
    chart = charts.columns("weeks", "Orders by week", "Stacked by hotel.", labels, series)
    table = _series_table("week of", labels, series)
    return tag("section", heading("Orders by week", "주별 주문"), said, chart, table)


def rows(facts: Facts) -> Markup:
    """Account for every row of every file."""
    files = facts.files
    labels = [file.file.removesuffix(".csv").rsplit("-", 1)[-1] for file in files]
    taken, total = sum(file.accepted for file in files), sum(file.rows_in for file in files)
    out = sum(file.rejected for file in files)
    late = sum(file.superseded for file in files)
    equation = f"{total:,} rows in = {taken:,} accepted + {out:,} rejected + {late:,} superseded"
    said = note(
        "Rejected: broken rows, kept with file, line and reason. Superseded: an older state of an "
        "order than one that is known. Renewed: accepted, a newer state of a stored order.",
        "rejected는 깨진 행(파일·줄·이유와 함께 보관), superseded는 이미 아는 것보다 오래된 "
        "상태, renewed는 저장된 주문의 더 새로운 상태입니다.",
    )
    series = [
        Series("renewed", [file.replaced for file in files]),
        Series("superseded", [file.superseded for file in files]),
        Series("rejected", [file.rejected for file in files]),
    ]
    plain = not any(sum(value or 0 for value in one.values) for one in series)
    chart: Markup = (
        tag("p", "Every row of every file was a new order.")
        if plain
        else charts.columns("rows", "Rows that were no new order", equation, labels, series)
    )
    counts = [(f.rows_in, f.accepted, f.rejected, f.superseded) for f in files]
    by_file = [[label, *map(number, row)] for label, row in zip(labels, counts, strict=True)]
    headers = ["week", "in", "accepted", "rejected", "superseded"]
    reasons = [[reason, number(count)] for reason, count in facts.reasons.items()]
    return tag(
        "section",
        heading("Every row accounted for", "데이터 품질"),
        tag("p", equation, class_="equation"),
        said,
        chart,
        numbers(["rejected because", "rows"], reasons) if reasons else "",
        numbers(headers, by_file, "Numbers by file"),
    )


def time(facts: Facts) -> Markup:
    """Show how long each station took."""
    durations = facts.chain.durations
    total = sum(one.seconds for one in durations)
    shown = [(one.station, one.seconds, f"{one.seconds:.1f} s") for one in durations]
    said = note(
        f"{total:.1f} s from the start to the last answer.",
        f"시작부터 마지막 답까지 {total:.1f}초 걸렸습니다.",
    )
    chart = charts.bars("time", "Seconds by station", f"{total:.1f} s in all.", shown)
    return tag("section", heading("Where the time went", "소요 시간"), said, chart)


def measured(facts: Facts) -> Markup:
    """Say what was measured and with what."""
    rows = [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts.measured]
    notes = [tag("p", one) for one in facts.chain.trained.notes]
    title = heading("What was measured, with what", "측정 조건")
    return tag("section", title, *notes, tag("dl", join(*rows)), class_="wide")


def _measured(facts: Facts) -> Metrics:
    key = f"ndcg_at_{facts.chain.trained.k}"
    return {name: m for name, m in facts.chain.trained.metrics.items() if key in m}


def _since(facts: Facts) -> dt.date:
    return _EPOCH + dt.timedelta(days=facts.chain.trained.split["cut"])


def _told(name: str, value: float, low: float, high: float) -> str:
    return f"{name} {value:.3f} ({low:.3f} to {high:.3f})"


def _metric_table(found: Metrics, k: int) -> Markup:
    table = [
        [words, *(_shown(m.get(f"{metric}_at_{k}")) for m in found.values())]
        for metric, words in _METRICS.items()
    ]
    return numbers([f"at {k}", *found], table)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _series_table(corner: str, labels: Sequence[str], series: Sequence[Series]) -> Markup:
    table = [
        [label, *("-" if (v := one.values[place]) is None else number(v) for one in series)]
        for place, label in enumerate(labels)
    ]
    return numbers([corner, *(one.name for one in series)], table, "Numbers")


def _few(series: Sequence[Series]) -> list[Series]:
    """Keep as many as there are colours for; the rest is added up in the last."""
    if len(series) <= COLOURS:
        return list(series)
    rest = series[COLOURS - 1 :]
    sums = [
        sum(value or 0 for value in row) for row in zip(*(one.values for one in rest), strict=True)
    ]
    return [*series[: COLOURS - 1], Series(f"{len(rest)} others", sums)]
