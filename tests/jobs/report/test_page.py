"""The page: what it says for given facts, and what it says where there is nothing to draw."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources

import pytest

from nextloop.jobs.demo.asking import Asked, Offer
from nextloop.jobs.demo.clock import Duration
from nextloop.jobs.demo.guests import Guest
from nextloop.jobs.features import FeaturesReport
from nextloop.jobs.report.facts import Chain, Facts, FileRows
from nextloop.jobs.report.page import render
from nextloop.jobs.train import TrainReport

AS_OF = dt.date(2026, 9, 27)
CUT = (dt.date(2026, 9, 14) - dt.date(1970, 1, 1)).days
GUEST = Guest("A regular", "단골", "hotel 1", "호텔 1", (("맥주 Beer", 3),), {"hotel_seq": 1})
OFFER = Offer(1, "<b>맥주</b> Beer & Co", 8000, "popular", "Ordered 3 times.", "3건 주문됐어요.")
METRICS = {
    "popularity": {"orders": 500.0, "ndcg_at_10": 0.2, "ndcg_at_10_low": 0.1,
                   "ndcg_at_10_high": 0.3, "ndcg_at_10_history_0": 0.15},
    "ranker": {"orders": 500.0, "ndcg_at_10": 0.4, "ndcg_at_10_low": 0.3,
               "ndcg_at_10_high": 0.5, "ndcg_at_10_history_0": 0.25},
}  # fmt: skip


def _trained(metrics: Mapping[str, dict[str, float]]) -> TrainReport:
    return TrainReport(
        as_of=AS_OF,
        k=10,
        versions={"popularity": 1, "ranker": 2},
        metrics=dict(metrics),
        best="ranker",
        staged=[2],
        split={"cut": CUT, "test_orders": 500},
        notes=["a note of the training"],
    )


@pytest.fixture
def facts():
    """Describe a small chain: two weeks, one hotel, two departments."""
    asked = Asked(GUEST, "guest", fallback=False, model_version=2, offers=(OFFER,), milliseconds=2)
    chain = Chain(
        made_with={"hotels": 1, "weeks": 2, "orders": 10, "seed": 7},
        ingested={},
        features=FeaturesReport(AS_OF, "run"),
        trained=_trained(METRICS),
        asked=[asked],
        durations=[Duration("train", 3.0, 2.5), Duration("ask", 1.0, 0.5)],
    )
    return Facts(
        chain=chain,
        files=[FileRows("hotel-orders-2026-W38.csv", 8, 5, 2, 1, 1),
               FileRows("hotel-orders-2026-W39.csv", 5, 5, 0, 0, 0)],
        reasons={"not_a_time": 2},
        weeks=[dt.date(2026, 9, 14), dt.date(2026, 9, 21)],
        orders_by_week={1: [5, 5]},
        orders_by_hour={"주방 Kitchen": [1] * 24, "Bar": [0] * 24},
        order_count=10,
        measured=[("code.commit", "abc")],
    )  # fmt: skip


def test_page_tells_what_was_measured(facts):
    """The sentences carry the facts' own numbers."""
    page = render(facts)
    for said in (
        "13 rows in = 10 accepted + 2 rejected + 1 superseded",
        "before 500 orders from 2026-09-14 on",
        "popularity 0.200 (0.100 to 0.300); ranker 0.400 (0.300 to 0.500)",
        "2.0 times",
        "4.0 s from the start to the last answer.",
        "a note of the training",
        "Ordered 3 times.",
        "3건 주문됐어요.",
        "code.commit",
    ):
        assert said in page, said


def test_names_from_the_data_are_text(facts):
    """An item's name with markup in it is shown, not obeyed."""
    page = render(facts)
    assert "&lt;b&gt;맥주&lt;/b&gt; Beer &amp; Co" in page
    assert "<b>" not in page


def test_nothing_held_out_is_said_instead_of_drawn(facts):
    """Without a test there is no comparison: two sentences stand where two charts would."""
    unmeasured = {"popularity": {"orders": 0.0}, "ranker": {"orders": 0.0}}
    page = render(replace(facts, chain=replace(facts.chain, trained=_trained(unmeasured))))
    assert page.count("No order was held out") == 2
    assert page.count("<svg") == render(facts).count("<svg") - 2


def test_clean_files_are_said_instead_of_drawn(facts):
    """Without a rejected, older or renewed row there is no chart of them."""
    clean = [FileRows("hotel-orders-2026-W38.csv", 10, 10, 0, 0, 0)]
    page = render(replace(facts, files=clean, reasons={}))
    assert "Every row of every file was a new order." in page
    assert 'id="rows"' not in page


def test_many_hotels_share_the_colours(facts):
    """With more hotels than colours the rest is added up under one name."""
    page = render(replace(facts, orders_by_week={hotel: [hotel, 1] for hotel in range(1, 11)}))
    assert "5 others" in page
    assert "hotel 6" not in page
    assert ">40<" in page  # 6 + 7 + 8 + 9 + 10


def test_ids_are_unique(facts):
    """No two elements bear one name."""
    ids = re.findall(r' id="([^"]+)"', render(facts))
    assert len(ids) == len(set(ids)) > 0


def _light_of(colour: str) -> float:
    """Return the relative luminance. Source: WCAG 2.2, "relative luminance"."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_told_from_the_paper(scheme):
    """Text has a contrast of 4.5 and marks of 3 on paper and cards (WCAG 2.2, AA)."""
    style = resources.files("nextloop.jobs.report").joinpath("report.css").read_text("utf-8")
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--(\w+): (#\w+)", block))
    text = {(name, ground): 4.5 for name in ("ink", "soft") for ground in ("paper", "card")}
    marks = {(f"s{number}", "paper"): 3.0 for number in range(6)}
    for (name, ground), least in (text | marks).items():
        dark, light = sorted((_light_of(colours[name]), _light_of(colours[ground])))
        assert (light + 0.05) / (dark + 0.05) >= least, (name, ground)
