"""Moments and stays: whose clock is meant, and what day of the stay it is."""

from __future__ import annotations

from datetime import datetime

import pytest

from nextloop.serving.schemas import RecommendationRequest


def test_time_without_an_offset_is_the_hotels_own(api):
    """08:00 in Seoul is 23:00 UTC the day before: both ask the same."""
    local = api.recommend(hotel_seq=1, at="2017-12-25T08:00:00").json()
    utc = api.recommend(hotel_seq=1, at="2017-12-24T23:00:00Z").json()
    elsewhere = api.recommend(hotel_seq=1, at="2017-12-24T18:00:00-05:00").json()
    assert local["offers"] == utc["offers"] == elsewhere["offers"]
    assert local["offers"] != api.recommend(hotel_seq=1, at="2017-12-25T23:00:00").json()["offers"]


def test_each_hotel_has_its_own_clock(api):
    """A hotel whose zone is set apart reads a local time in that zone."""
    moment = datetime.fromisoformat("2017-12-25T12:00:00")
    seoul, berlin = api.service.local(1, moment), api.service.local(2, moment)
    assert seoul.isoformat() == "2017-12-25T12:00:00+09:00"
    assert berlin.isoformat() == "2017-12-25T12:00:00+01:00"


def test_without_a_time_it_is_now_in_the_hotel(api):
    """The clock of the tests stands at 23:00 in Seoul, where noodles are ordered at that hour."""
    now = api.recommend(hotel_seq=1).json()["offers"]
    assert now == api.recommend(hotel_seq=1, at="2017-12-25T23:00:00").json()["offers"]
    assert api.service.local(1, None).isoformat() == "2017-12-25T23:00:00+09:00"


def test_hour_that_the_clocks_skip_is_still_answered(api):
    """02:30 does not exist in Berlin on the day summer time begins; nobody gets an error for it."""
    assert api.recommend(hotel_seq=2, at="2018-03-25T02:30:00").status_code == 200


@pytest.mark.parametrize(
    ("stay", "at", "expected"),
    [
        ({"check_in": "2017-12-24", "check_out": "2017-12-27"}, "2017-12-25T00:10:00", (1, 3)),
        ({"check_in": "2017-12-25"}, "2017-12-24T16:00:00Z", (0, None)),
        ({"check_in": "2017-12-26"}, "2017-12-25T10:00:00", (None, None)),
        ({"check_in": "0001-01-01", "check_out": "2017-12-27"}, "2017-12-25T10:00", (None, None)),
        ({"day": 2, "nights": 5}, "2017-12-25T10:00:00", (2, 5)),
        ({}, "2017-12-25T10:00:00", (None, None)),
    ],
)
def test_day_of_the_stay_follows_the_hotels_calendar(api, stay, at, expected):
    """Dates become a day and nights by the hotel's calendar; before check-in nothing is known."""
    question = RecommendationRequest.model_validate_json(
        f'{{"hotel_seq": 1, "at": "{at}", "stay": {str(stay).replace(chr(39), chr(34))}}}'
    )
    query = api.service.query(question)
    assert (query.stay_day, query.nights) == expected
