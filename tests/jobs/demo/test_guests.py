"""Whom the demo asks for: chosen from the truth, described as a hotel's app knows them."""

from __future__ import annotations

import datetime as dt

import pyarrow.parquet as pq
import pytest

from nextloop import simulator
from nextloop.jobs.demo.guests import three_guests
from nextloop.serving.schemas import RecommendationRequest
from nextloop.simulator import SimulatorConfig

AS_OF = dt.date(2026, 9, 27)


def _truth(tmp, **numbers):
    config = SimulatorConfig(hotels=3, weeks=4, orders=4000, **numbers)
    simulator.write(simulator.simulate(config), tmp / "landing", tmp / "truth")
    return tmp / "truth"


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """Simulate four weeks of three hotels."""
    return _truth(tmp_path_factory.mktemp("world"))


def test_guests_are_of_three_hotels_and_the_day_after(truth):
    """Each question is one that the API accepts, in another hotel, on the day after the data."""
    questions = [RecommendationRequest(**guest.question) for guest in three_guests(truth, AS_OF)]
    assert len({question.hotel_seq for question in questions}) == 3
    assert [question.at.isoformat() for question in questions if question.at] == [
        "2026-09-28T19:00:00",
        "2026-09-28T08:00:00",
        "2026-09-28T23:00:00",
    ]


def test_regular_is_in_the_house_and_was_before(truth):
    """The regular's stay spans the day; what was ordered in it is told, earlier orders are not."""
    regular = three_guests(truth, AS_OF)[0]
    stay, number = regular.question["stay"], regular.question["customer_seq"]
    assert stay["check_in"] < "2026-09-28" < stay["check_out"]
    guest = pq.read_table(truth / "guests.parquet")["customer_seq"].to_pylist().index(number)
    orders = pq.read_table(truth / "orders.parquet").to_pylist()
    done = [o for o in orders if o["guest"] == guest and o["outcome"] == "complete"]
    here = [o["order_seq"] for o in done if str(o["reg_at"].date()) >= stay["check_in"]]
    lines = pq.read_table(truth / "lines.parquet").to_pylist()
    assert 0 < len(here) < len(done)
    assert set(regular.question["ordered"]) == {
        line["item_seq"] for line in lines if line["order_seq"] in here
    }
    assert f"{len(done)} orders so far, {len(here)} of them in this stay" in regular.facts


def test_family_is_new_and_the_room_unknown(truth):
    """The family's number is nobody's; of the room nothing is told but hotel and hour."""
    _, family, room = three_guests(truth, AS_OF)
    numbers = pq.read_table(truth / "guests.parquet")["customer_seq"].to_pylist()
    assert family.question["customer_seq"] not in numbers
    assert family.question["party"] == {"adults": 2, "children": 2, "babies": 0}
    assert set(room.question) == {"hotel_seq", "at", "k"}


def test_choice_is_the_same_each_time(truth):
    """Equal truth gives equal guests."""
    assert three_guests(truth, AS_OF) == three_guests(truth, AS_OF)


def test_nobody_in_the_house(truth):
    """Long after the last stay the guest with most orders comes again, with nothing ordered yet."""
    regular = three_guests(truth, dt.date(2027, 1, 1))[0]
    assert regular.question["ordered"] == []
    assert regular.question["stay"]["check_in"] == "2027-01-01"
    assert regular.question["customer_seq"] is not None


def test_one_hotel_is_asked_for_all(tmp_path):
    """With a single hotel all three are its guests."""
    config = SimulatorConfig(hotels=1, weeks=4, orders=1000)
    simulator.write(simulator.simulate(config), tmp_path / "landing", tmp_path / "truth")
    guests = three_guests(tmp_path / "truth", AS_OF)
    assert {guest.question["hotel_seq"] for guest in guests} == {1}
