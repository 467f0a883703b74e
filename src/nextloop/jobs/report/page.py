"""The report as one HTML page: style, headings and sections in one file, no script, no network.

In come the facts, out goes the page's text. A content policy in it forbids the browser to load
anything from anywhere.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

from nextloop import __version__
from nextloop.jobs.report import cards, sections
from nextloop.jobs.report.facts import Facts
from nextloop.jobs.report.markup import Markup, join, tag

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_SIMPLEST: Final = "popularity"


def render(facts: Facts) -> str:
    """Write the page.

    Args:
        facts: All that it shows.

    Returns:
        HTML text that needs nothing else.
    """
    style = resources.files("nextloop.jobs.report").joinpath("report.css").read_text("utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", "NextLoop demo"),
        tag("link", rel="icon", href="data:,"),
        tag("style", Markup(style)),
    )
    body = tag("body", _header(facts), tag("main", *_sections(facts)), _footer())
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _sections(facts: Facts) -> list[Markup]:
    return [
        cards.offers(facts.chain.asked),
        sections.models(facts),
        sections.history(facts),
        sections.hours(facts),
        sections.weeks(facts),
        sections.rows(facts),
        sections.time(facts),
        sections.measured(facts),
    ]


def _header(facts: Facts) -> Markup:
    made = facts.chain.made_with
    return tag(
        "header",
        tag("h1", "NextLoop demo ", tag("span", "데모 보고서", lang="ko")),
        tag(
            "p",
            f"From {made['weeks']} weekly order files of {made['hotels']} simulated hotels to "
            "tables, features, compared models and answers.",
        ),
        tag(
            "p",
            f"가상 호텔 {made['hotels']}곳의 {made['weeks']}주치 주문 파일에서 "
            "테이블, 특성, 모델 비교, 추천 응답까지.",
            lang="ko",
        ),
        tag("ul", join(*(_figure(*one) for one in _figures(facts))), class_="figures"),
    )


def _figures(facts: Facts) -> list[tuple[str, str, str]]:
    trained = facts.chain.trained
    key = f"ndcg_at_{trained.k}"
    best, usual = (trained.metrics[name].get(key) for name in (trained.best, _SIMPLEST))
    seconds = sum(one.seconds for one in facts.chain.durations)
    figures = [
        (f"{facts.order_count:,}", "orders taken in", "받아들인 주문"),
        (f"{len(trained.metrics)}", "models compared", "비교한 모델"),
        (f"{seconds:.0f} s", "for the whole chain", "전체 소요 시간"),
    ]
    if best and usual:
        said = f"{_SIMPLEST}'s NDCG@{trained.k} by {trained.best}"
        figures.insert(2, (f"{best / usual:.1f} times", said, "인기순 대비 향상"))
    return figures


def _figure(value: str, english: str, korean: str) -> Markup:
    return tag("li", tag("strong", value), english, " ", tag("span", korean, lang="ko"))


def _footer() -> Markup:
    return tag(
        "footer", tag("p", f"nextloop {__version__}; hotels, guests and orders are made up.")
    )
