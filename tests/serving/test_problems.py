"""Every error answer: problem+json that says which field is wrong and echoes no value."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PATH = "/v1/recommendations"
JSON = {"content-type": "application/json"}


def _problem(response, status, kind):
    """Check the shape that all problems share, and give the wrong fields."""
    problem = response.json()
    assert response.status_code == problem["status"] == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert problem["type"] == f"urn:nextloop:problem:{kind}"
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"]
    return {error["field"]: error["message"] for error in problem["errors"]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "hotel_seq"),
        ({"hotel_seq": "1"}, "hotel_seq"),
        ({"hotel_seq": 1.0}, "hotel_seq"),
        ({"hotel_seq": True}, "hotel_seq"),
        ({"hotel_seq": -1}, "hotel_seq"),
        ({"hotel_seq": 2**63}, "hotel_seq"),
        ({"hotel_seq": 1, "customer_seq": "1001"}, "customer_seq"),
        ({"hotel_seq": 1, "guest_name": "Kim"}, "guest_name"),
        ({"hotel_seq": 1, "party": {"adults": 2, "dogs": 1}}, "party.dogs"),
        ({"hotel_seq": 1, "party": {"adults": -1}}, "party.adults"),
        ({"hotel_seq": 1, "party": 2}, "party"),
        ({"hotel_seq": 1, "ordered": [101, "102"]}, "ordered[1]"),
        ({"hotel_seq": 1, "exclude": [1] * 1001}, "exclude"),
        ({"hotel_seq": 1, "k": 0}, "k"),
        ({"hotel_seq": 1, "k": 101}, "k"),
        ({"hotel_seq": 1, "language": "fr"}, "language"),
        ({"hotel_seq": 1, "at": 1514160000}, "at"),
        ({"hotel_seq": 1, "at": "1514160000"}, "at"),
        ({"hotel_seq": 1, "at": "2017-12-25"}, "at"),
        ({"hotel_seq": 1, "at": "2017-02-30T10:00:00"}, "at"),
        ({"hotel_seq": 1, "at": "0001-01-01T00:00:00+23:59"}, "at"),
        ({"hotel_seq": 1, "stay": {"check_in": "24.12.2017"}}, "stay.check_in"),
        ({"hotel_seq": 1, "stay": {"check_in": 20171224}}, "stay.check_in"),
        ({"hotel_seq": 1, "stay": {"check_out": "2017-12-24"}}, "stay"),
        ({"hotel_seq": 1, "stay": {"check_in": "2017-12-24", "day": 1}}, "stay"),
        (
            {"hotel_seq": 1, "stay": {"check_in": "2017-12-24", "check_out": "2017-12-23"}},
            "stay",
        ),
        ({"hotel_seq": 1, "k": float("nan")}, "k"),
        ([], ""),
        (None, ""),
    ],
)
def test_wrong_fields_are_named_by_their_path(api, body, field):
    """A body that breaks the contract is refused and the field is named as callers write it."""
    sent = api.ask("POST", PATH, content=json.dumps(body), headers=JSON)
    assert list(_problem(sent, 422, "wrong-fields")) == [field]


def test_all_wrong_fields_are_named_at_once(api):
    """Two mistakes are told in one answer."""
    errors = _problem(api.recommend(hotel_seq="x", k=0), 422, "wrong-fields")
    assert set(errors) == {"hotel_seq", "k"}


def test_a_flood_of_wrong_fields_is_cut(api):
    """A thousand wrong items are not answered with a thousand messages."""
    response = api.recommend(hotel_seq=1, exclude=["x"] * 1000)
    assert len(response.json()["errors"]) == 20


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe{}", b"[" * 9000])
def test_broken_json_is_a_problem(api, content):
    """What is not JSON in UTF-8 is refused as such."""
    _problem(api.ask("POST", PATH, content=content, headers=JSON), 400, "unreadable-body")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_body_that_is_not_called_json_is_refused(api, kind):
    """JSON must be announced as JSON."""
    response = api.ask("POST", PATH, content=b'{"hotel_seq": 1}', headers={"content-type": kind})
    _problem(response, 415, "not-json")


@pytest.mark.parametrize("announced", [True, False])
def test_large_body_is_refused(api, announced):
    """A body over 64 KiB is refused, whether its length is announced or found out on the way."""
    content = json.dumps({"hotel_seq": 1, "ordered": [1] * 40_000}).encode()

    async def pieces():
        for start in range(0, len(content), 4096):
            yield content[start : start + 4096]

    sent = content if announced else pieces()
    _problem(api.ask("POST", PATH, content=sent, headers=JSON), 413, "body-too-large")


def test_longest_lists_that_are_allowed_fit(api):
    """500 ordered and 1,000 excluded items of 19 digits are within the limit."""
    response = api.recommend(hotel_seq=1, ordered=[2**63 - 1] * 500, exclude=[2**63 - 1] * 1000)
    assert response.status_code == 200


def test_unknown_path_and_method_are_problems(api):
    """Routing errors have the same shape, and 405 says what is allowed."""
    _problem(api.ask("GET", "/v2/recommendations"), 404, "not-found")
    response = api.ask("GET", PATH)
    _problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "POST"


def test_before_the_model_is_loaded_callers_are_told_to_wait(empty_api):
    """Alive but not ready: 503 with the seconds after which to try again."""
    assert empty_api.ask("GET", "/healthz").json() == {"status": "alive"}
    for response in (
        empty_api.ask("GET", "/readyz"),
        empty_api.ask("GET", "/v1/model"),
        empty_api.recommend(hotel_seq=1),
    ):
        _problem(response, 503, "model-not-ready")
        assert response.headers["retry-after"] == "1"


def test_wrong_body_is_told_before_the_model_is_loaded(empty_api):
    """A wrong request is wrong however long one waits."""
    _problem(empty_api.recommend(hotel_seq="x"), 422, "wrong-fields")


def test_crash_is_a_problem_without_details(api, capfd):
    """An unforeseen fault is answered as 500; its stack is logged, its text and values are not."""
    secret = 8_675_309

    def broken_clock():
        raise RuntimeError(f"guest {secret}")

    broken = api.with_clock(broken_clock)
    response = broken.recommend(hotel_seq=1, customer_seq=secret)
    _problem(response, 500, "internal-error")
    logged = capfd.readouterr().err
    assert "request failed" in logged
    assert "service.py" in logged
    assert str(secret) not in response.text + logged


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
MOMENTS = st.datetimes().map(lambda moment: moment.isoformat())
DAYS = st.dates().map(lambda day: day.isoformat())
SOMETIMES_RIGHT = st.fixed_dictionaries(
    {"hotel_seq": st.sampled_from([1, 2, 3]) | ANY_JSON},
    optional={
        "customer_seq": st.integers(0, 2**63 - 1) | ANY_JSON,
        "at": MOMENTS | ANY_JSON,
        "stay": st.fixed_dictionaries(
            {}, optional={"check_in": DAYS, "check_out": DAYS, "nights": st.integers(0, 1000)}
        )
        | ANY_JSON,
        "party": st.dictionaries(st.sampled_from(["adults", "babies"]), st.integers(0, 99)),
        "ordered": st.lists(st.integers(0, 2**63 - 1), max_size=5) | ANY_JSON,
        "k": st.integers(1, 100) | ANY_JSON,
        "other": ANY_JSON,
    },
)


@given(body=ANY_JSON | SOMETIMES_RIGHT)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_breaks_the_server(api, body):
    """Whatever JSON is sent, the answer is an offer list or a problem of the caller's."""
    response = api.ask("POST", PATH, content=json.dumps(body), headers=JSON)
    assert response.status_code in {200, 404, 422}, response.text
