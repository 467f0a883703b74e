"""What to offer: guests, rooms, moments, stays, exclusions, and one hotel's items only."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HOTEL_1 = {101: "조식 세트", 102: "라면", 103: "맥주"}
HOTEL_2 = {101: "Burger", 201: "Salad", 202: "Coffee"}


def test_regular_gets_what_they_always_order(api):
    """A guest who had beer every evening is offered beer first, because they ordered it."""
    answer = api.recommend(hotel_seq=1, customer_seq=1001, at="2017-12-25T20:00:00", k=1).json()
    assert answer["offers"][0]["item_seq"] == 103
    assert answer["offers"][0]["reason"]["code"] == "ordered_before"
    assert answer["source"] == "guest"
    assert answer["fallback"] is False


def test_answer_has_every_field_of_the_contract(api, model_refs):
    """An offer says what it is, where it comes from, what it costs, and why it is offered."""
    response = api.recommend(hotel_seq=1, at="2017-12-25T08:00:00", k=3)
    answer = response.json()
    assert response.headers["content-type"] == "application/json"
    assert answer["model_version"] == model_refs["ranker"].version
    assert answer["model_digest"] == model_refs["ranker"].digest
    assert answer["request_id"] == response.headers["x-request-id"]
    assert [offer["rank"] for offer in answer["offers"]] == [1, 2, 3]
    first = answer["offers"][0]
    assert set(first) == {
        "rank", "item_seq", "item_name", "department_seq", "price", "score", "reason"
    }  # fmt: skip
    assert (first["item_name"], first["price"], first["department_seq"]) == ("조식 세트", 25000, 10)
    assert set(first["reason"]) == {"code", "text", "evidence"}


def test_unknown_guest_is_answered_and_said_to_be_a_fallback(api):
    """A guest without a past gets what suits the hotel and hour, flagged as a fallback."""
    stranger = api.recommend(hotel_seq=1, customer_seq=999, at="2017-12-25T20:00:00")
    room = api.recommend(hotel_seq=1, at="2017-12-25T20:00:00")
    assert stranger.status_code == 200
    assert stranger.json()["fallback"] is True
    assert stranger.json()["source"] == "context"
    assert stranger.json()["offers"] == room.json()["offers"]


def test_guest_of_one_hotel_is_a_stranger_in_another(api):
    """Customer 2000 of hotel 1 has no past in hotel 2, which numbers its own guests."""
    answer = api.recommend(hotel_seq=2, customer_seq=2000, at="2017-12-25T13:00:00").json()
    assert answer["fallback"] is True


def test_unknown_hotel_is_a_problem_404(api):
    """A hotel that the model has never seen is not answered with another's items."""
    response = api.recommend(hotel_seq=7)
    assert response.status_code == 404
    assert response.json()["type"] == "urn:nextloop:problem:unknown-hotel"
    assert response.json()["errors"] == [{"field": "hotel_seq", "message": "not in the model"}]


def test_requests_without_a_price_are_never_offered(api):
    """Towels cost nothing and are no recommendation."""
    answer = api.recommend(hotel_seq=1, k=100).json()
    assert {offer["item_seq"] for offer in answer["offers"]} == set(HOTEL_1)


def test_excluded_items_do_not_come_back(api):
    """What the caller says is sold out is left out, and the ranks close up."""
    offers = api.recommend(hotel_seq=1, exclude=[101, 103, 555], k=10).json()["offers"]
    assert [(offer["rank"], offer["item_seq"]) for offer in offers] == [(1, 102)]


def test_everything_excluded_leaves_an_empty_answer(api):
    """A menu that is sold out is answered with no offers, not with an error."""
    response = api.recommend(hotel_seq=1, exclude=[101, 102, 103])
    assert (response.status_code, response.json()["offers"]) == (200, [])


def test_what_was_ordered_in_this_stay_is_the_reason(api):
    """After an order in this stay the same item is explained by it."""
    answer = api.recommend(hotel_seq=1, ordered=[102], at="2017-12-25T23:00:00").json()
    reasons = {offer["item_seq"]: offer["reason"] for offer in answer["offers"]}
    assert reasons[102]["evidence"] == {"count": 1, "this_stay": 1}


@pytest.mark.parametrize(
    ("language", "text"),
    [("ko", "이번 투숙 중에 주문하신 메뉴예요."), ("en", "You ordered it in this stay.")],
)
def test_reasons_are_said_in_the_language_asked_for(api, language, text):
    """Korean and English callers read the reason in their language."""
    offers = api.recommend(hotel_seq=1, ordered=[102], language=language).json()["offers"]
    assert text in {offer["reason"]["text"] for offer in offers}


def test_equal_questions_have_equal_answers(api):
    """Nothing but the request id differs between two answers to the same question."""
    body: dict[str, Any] = {"hotel_seq": 1, "customer_seq": 1001, "at": "2017-12-25T20:00:00"}
    first, second = api.recommend(**body).json(), api.recommend(**body).json()
    assert first.pop("request_id") != second.pop("request_id")
    assert first == second


def test_evening_and_morning_differ(api):
    """Breakfast is offered first in the morning, noodles at night."""
    morning = api.recommend(hotel_seq=1, at="2017-12-25T08:00:00").json()["offers"][0]
    night = api.recommend(hotel_seq=1, at="2017-12-25T23:00:00").json()["offers"][0]
    assert (morning["item_name"], night["item_name"]) == ("조식 세트", "라면")


@given(
    hotel=st.sampled_from([1, 2]),
    customer=st.none() | st.sampled_from([1001, 2000, 3000]) | st.integers(0, 2**63 - 1),
    hour=st.integers(0, 23),
    ordered=st.lists(st.sampled_from([101, 102, 103, 104, 201, 202, 999]), max_size=6),
    exclude=st.lists(st.sampled_from([101, 102, 103, 201, 202, 999]), max_size=4),
    k=st.integers(1, 100),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_hotel_is_never_offered_anothers_items(api, hotel, customer, hour, ordered, exclude, k):
    """Whatever is asked, each offer is on the hotel's own menu, once, and not excluded."""
    menu = HOTEL_1 if hotel == 1 else HOTEL_2
    response = api.recommend(
        hotel_seq=hotel,
        customer_seq=customer,
        at=f"2017-12-25T{hour:02}:30:00",
        ordered=ordered,
        exclude=exclude,
        k=k,
    )
    assert response.status_code == 200
    offered = {offer["item_seq"]: offer["item_name"] for offer in response.json()["offers"]}
    assert offered.items() <= menu.items()
    assert not offered.keys() & set(exclude)
    assert len(response.json()["offers"]) == len(offered) == min(k, len(menu.keys() - set(exclude)))
