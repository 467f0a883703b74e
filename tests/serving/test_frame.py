"""Around every request: ids, one log line, metrics; none of them holds a guest's number."""

from __future__ import annotations

import json
import re

import pytest

from nextloop import privacy
from nextloop.telemetry import logs

GUEST = 48_151_623_42


@pytest.fixture(autouse=True)
def _json_logs():
    """Log as a server does."""
    logs.configure("info", "json")


def _events(capfd):
    return [json.loads(line) for line in capfd.readouterr().err.splitlines()]


def test_request_id_of_the_caller_is_kept(api, capfd):
    """An id that came with the request stands in the header, the answer and the log."""
    response = api.ask(
        "POST", "/v1/recommendations", json={"hotel_seq": 1}, headers={"x-request-id": "app-42.a"}
    )
    assert response.headers["x-request-id"] == response.json()["request_id"] == "app-42.a"
    assert [event["request_id"] for event in _events(capfd)] == ["app-42.a"]


@pytest.mark.parametrize("given", ["", "two words", "x" * 65, 'a"b', "../../etc", "é"])
def test_request_id_that_could_break_a_log_is_replaced(api, given):
    """Ids with other characters than letters, digits, dot, dash and underscore are not taken."""
    response = api.ask("GET", "/healthz", headers={"x-request-id": given.encode()})
    assert re.fullmatch("[0-9a-f]{32}", response.headers["x-request-id"])


def test_log_line_names_the_route_and_nobody(api, capfd):
    """One line a request: route, status and time; no guest, guest key, path, query or body."""
    api.recommend(hotel_seq=1, customer_seq=GUEST)
    api.ask("GET", f"/guests/{GUEST}?customer_seq={GUEST}")
    api.recommend(hotel_seq=1, customer_seq=str(GUEST))
    api.ask("GET", "/healthz")
    text = capfd.readouterr().err
    events = [json.loads(line) for line in text.splitlines()]
    assert [(event["route"], event["status"]) for event in events] == [
        ("/v1/recommendations", 200),
        ("none", 404),
        ("/v1/recommendations", 422),
    ]
    assert all(event["seconds"] >= 0 for event in events)
    assert str(GUEST) not in text
    assert privacy.guest_key(api.service.key, 1, GUEST) not in text


def test_metrics_count_answers_and_name_the_model(api, model_refs):
    """Answers by source, fallbacks, latencies in milliseconds' buckets, and the model's digest."""
    api.recommend(hotel_seq=1, customer_seq=1001)
    api.recommend(hotel_seq=1, customer_seq=999)
    api.ask("GET", "/no/such/path/4815162342")
    text = api.ask("GET", "/metrics").text
    ref = model_refs["ranker"]
    who = f'slot="none",version="{ref.version}"'
    by_source = 'nextloop_recommendation_requests_total{slot="none",source='
    assert f'{by_source}"guest",version="{ref.version}"}} 1.0' in text
    assert f'{by_source}"context",version="{ref.version}"}} 1.0' in text
    assert f"nextloop_fallback_answers_total{{{who}}} 1.0" in text
    assert f'nextloop_recommendation_duration_seconds_bucket{{le="0.0025",{who}}}' in text
    assert (
        'http_request_duration_seconds_bucket{handler="/v1/recommendations",le="0.005",'
        'method="POST",slot="none"}'
    ) in text
    assert 'http_requests_total{handler="none",method="GET",slot="none",status="404"} 1.0' in text
    assert f'nextloop_model_info{{digest="{ref.digest}",model="ranker",{who}}} 1.0' in text
    assert "process_resident_memory_bytes" in text
    assert str(GUEST) not in text


def test_apps_in_one_process_count_apart(api):
    """A second app starts from zero and does not collide with the first."""
    second = api.with_clock(api.service.clock)
    api.recommend(hotel_seq=1)
    second.recommend(hotel_seq=1)
    assert 'status="200"} 1.0' in api.ask("GET", "/metrics").text
    assert 'status="200"} 1.0' in second.ask("GET", "/metrics").text


def test_probes_are_not_counted_as_requests(api):
    """Health checks and scrapes would bury what callers see."""
    for path in ("/healthz", "/readyz", "/metrics"):
        api.ask("GET", path)
    assert "http_requests_total{" not in api.ask("GET", "/metrics").text
