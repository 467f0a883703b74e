"""What `/metrics` says: what callers saw, by slot and version, in a bounded number of series."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from datetime import UTC, datetime

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from tests.serving.conftest import AS_OF

from nextloop.headers import UNRULED_HEADER
from nextloop.serving import model
from nextloop.serving.instruments import Instruments

JSON = {"content-type": "application/json"}
NOON = {"hotel_seq": 2, "at": "2017-12-26T13:00:00", "party": {"adults": 2}, "stay": {"day": 1}}


def samples(api, name):
    """Give the values of a metric by the values of its labels, in the order of their names."""
    text = api.ask("GET", "/metrics").text
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def series(api):
    """Count the series that a scrape gives."""
    text = api.ask("GET", "/metrics").text
    return sum(not line.startswith("#") for line in text.splitlines())


def burst(api, requests):
    """Send many requests by one client; give their statuses."""

    async def send():
        async with api.client() as client:
            answers = [await client.request(verb, path, **more) for verb, path, more in requests]
            return [answer.status_code for answer in answers]

    return asyncio.run(send())


def test_counts_are_what_callers_saw(api):
    """Answers, refusals of the frame and of the body, unknown paths: each is counted once."""
    requests = [
        *[("POST", "/v1/recommendations", {"json": NOON})] * 5,
        *[("POST", "/v1/recommendations", {"json": {"hotel_seq": 99}})] * 3,
        *[("POST", "/v1/recommendations", {"content": b"x" * 70_000, "headers": JSON})] * 2,
        ("POST", "/v1/recommendations", {"content": b"{", "headers": JSON}),
        *[("GET", "/nowhere", {})] * 4,
    ]
    seen = burst(api, requests)
    counted = samples(api, "http_requests_total")
    route = "/v1/recommendations"
    assert counted == {
        (route, "POST", "none", "200"): 5,
        (route, "POST", "none", "404"): 3,
        (route, "POST", "none", "413"): 2,
        (route, "POST", "none", "400"): 1,
        ("none", "GET", "none", "404"): 4,
    }
    assert Counter(seen) == {200: 5, 404: 7, 413: 2, 400: 1}
    assert samples(api, "http_request_duration_seconds_count")[route, "POST", "none"] == 11


def test_slot_and_version_are_labels(model_refs):
    """Two slots with two versions, scraped together, stay apart."""
    loaded = model.load(model_refs["context"])
    instruments = Instruments("green")
    instruments.loaded(loaded)
    text = generate_latest(instruments.registry).decode()
    who = f'slot="green",version="{loaded.ref.version}"'
    assert f'digest="{loaded.ref.digest}",model="context",{who}}} 1.0' in text
    assert f"nextloop_fallback_answers_total{{{who}}} 0.0" in text
    as_of = re.search(rf"model_as_of_timestamp_seconds{{{who}}} (.*)", text)
    assert as_of
    assert datetime.fromtimestamp(float(as_of[1]), UTC).date() == AS_OF


def test_events_are_counted_by_kind():
    """What callers told of offers gives the hit rate."""
    instruments = Instruments()
    instruments.told("shown", 9)
    instruments.told("ordered", 2)
    instruments.told("shown", 1)
    text = generate_latest(instruments.registry).decode()
    assert 'nextloop_offer_events_total{kind="shown",slot="none"} 10.0' in text
    assert 'nextloop_offer_events_total{kind="ordered",slot="none"} 2.0' in text


def test_expected_shares_are_those_of_the_training(api):
    """Each feature's bands add up to one; every order was of two adults and a known hour."""
    expected = samples(api, "nextloop_model_feature_expected_ratio")
    by_feature = dict.fromkeys(("hour", "offer", "party", "stay_day", "weekday"), 0.0)
    for (_, feature, *_), share in expected.items():
        by_feature[feature] += share
    assert by_feature == pytest.approx(dict.fromkeys(by_feature, 1.0))
    found = {(feature, band): share for (band, feature, *_), share in expected.items()}
    assert found["party", "couple"] == 1
    # Of eight habits two are at 8 o'clock, two at 23, one at 20, one at 9, two at 13.
    hours = ("06-08", "21-23", "18-20", "09-11", "12-14", "00-02")
    assert [found["hour", band] for band in hours] == [2 / 8, 2 / 8, 1 / 8, 1 / 8, 2 / 8, 0]


def test_requests_and_offers_are_counted_in_their_bands(api):
    """What a request does not tell is in no band; all that the hotel offers counts for coverage."""
    before = samples(api, "nextloop_offered_items")
    api.recommend(**NOON)
    api.recommend(hotel_seq=2, at="2017-12-26T22:59:00")
    values = samples(api, "nextloop_model_feature_values_total")
    counted = {(feature, band): n for (band, feature, *_), n in values.items() if n}
    assert counted.pop(("offer", "1")) == 2
    assert counted.pop(("offer", "2-3")) == 4
    assert counted == {
        ("hour", "12-14"): 1,
        ("hour", "21-23"): 1,
        ("weekday", "1"): 2,
        ("stay_day", "1"): 1,
        ("party", "couple"): 1,
    }
    assert set(before.values()) == {0}
    assert set(samples(api, "nextloop_offered_items").values()) == {3}
    assert set(samples(api, "nextloop_model_items").values()) == {6}


def test_series_do_not_grow_with_guests_paths_or_methods(api):
    """After a first look at every kind of request, a thousand different ones add no series."""
    burst(api, kinds(range(2)))
    before = series(api)
    burst(api, kinds(range(2, 350)))
    assert series(api) == before < 400


def kinds(numbers):
    """Make requests that differ in guest, path, query and method."""
    for number in numbers:
        yield ("POST", "/v1/recommendations", {"json": NOON | {"customer_seq": 10_000 + number}})
        yield ("GET", f"/guests/{number}?room={number}", {})
        yield (f"LOOK{number}", "/v1/model", {})


def test_events_that_were_kept_are_counted(api, tmp_path):
    """What callers told by kind; what was refused is no event."""
    told = {"event_id": "e", "request_id": "r", "hotel_seq": 1, "item_seq": 103,
            "kind": "shown", "at": "2017-12-25T23:00:00+09:00"}  # fmt: skip
    other = api.with_doors(events_folder=tmp_path)
    for kinds in (["shown", "ordered", "shown"], ["shown", "clicked"]):
        events = [told | {"kind": kind, "event_id": str(n)} for n, kind in enumerate(kinds)]
        other.ask("POST", "/v1/events", json={"events": events})
    assert samples(other, "nextloop_offer_events_total") == {
        ("ordered", "none"): 1,
        ("shown", "none"): 2,
    }


def test_what_a_release_asks_is_no_guests_question(api):
    """Its questions count as answers, and neither for drift nor for coverage."""
    api.ask("POST", "/v1/recommendations", json=NOON, headers={UNRULED_HEADER: "1"})
    assert sum(samples(api, "nextloop_recommendation_requests_total").values()) == 1
    assert not any(samples(api, "nextloop_model_feature_values_total").values())
