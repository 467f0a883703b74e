"""Hotels' rules: what is hidden, closed, too dear or too much of one kind is not offered."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextloop.errors import UsageFault
from nextloop.serving.doors import Doors
from nextloop.serving.rules import HotelRules, Rules
from nextloop.serving.watched import Watched
from nextloop.settings import ServingSettings

BREAKFAST = '[hotels.1.department_hours]\n10 = ["07:00-10:30"]'
NIGHT = '[hotels.1.department_hours]\n10 = ["22:00-02:00"]'


def _offered(api, rules, tmp_path, **question):
    path = tmp_path / "rules.toml"
    path.write_text(rules)
    ruled = api.with_doors(rules_file=path)
    answer = ruled.recommend(hotel_seq=1, **question)
    assert answer.status_code == 200
    return [offer["item_seq"] for offer in answer.json()["offers"]]


@pytest.mark.parametrize(
    ("rules", "question", "expected"),
    [
        ("", {}, {101, 102, 103}),
        ("[hotels.2]\nhidden = [101]", {}, {101, 102, 103}),
        ("[hotels.1]\nhidden = [101]", {}, {102, 103}),
        ("[hotels.1]\nsold_out = [102, 103]", {}, {101}),
        ("[hotels.1]\nsold_out = [102]", {"exclude": [103]}, {101}),
        ("[hotels.1]\nmax_price = 9000", {}, {102, 103}),
        (BREAKFAST, {"at": "2017-12-25T07:00:00"}, {101, 102, 103}),
        (BREAKFAST, {"at": "2017-12-25T10:30:00"}, set()),
        # 22:00 in UTC is 07:00 of the next day in Seoul
        (BREAKFAST, {"at": "2017-12-24T22:00:00Z"}, {101, 102, 103}),
        (NIGHT, {"at": "2017-12-25T01:59:00"}, {101, 102, 103}),
        (NIGHT, {"at": "2017-12-25T12:00:00"}, set()),
        ("[hotels.1.department_hours]\n10 = []", {}, set()),
        ("[hotels.1.department_hours]\n20 = []", {}, {101, 102, 103}),
    ],
)  # fmt: skip
def test_rule_narrows_the_offers(api, tmp_path, rules, question, expected):
    """Each rule keeps out what it says, by the hotel's own clock, and nothing else."""
    assert set(_offered(api, rules, tmp_path, **question)) == expected


def test_each_department_has_its_share(api, tmp_path):
    """The best of a department stay, in their sequence; without the rule all come."""
    free = _offered(api, "", tmp_path)
    assert len(free) == 3
    for most in (1, 2, 3):
        rules = f"[hotels.1]\nmax_per_department = {most}"
        assert _offered(api, rules, tmp_path) == free[:most]


def test_release_is_compared_without_rules(api, tmp_path):
    """Who may ask about every hotel can have the model's own answer, which no rule changes."""
    path = tmp_path / "rules.toml"
    path.write_text("[hotels.1]\nhidden = [101]")
    ruled = api.with_doors(rules_file=path)
    body, header = {"hotel_seq": 1}, {"x-nextloop-unruled": "1"}
    free = ruled.ask("POST", "/v1/recommendations", json=body, headers=header).json()["offers"]
    assert free == api.recommend(**body).json()["offers"]
    assert len(ruled.recommend(**body).json()["offers"]) == len(free) - 1


def test_items_say_what_may_be_offered(api, tmp_path):
    """The list of items holds what rules keep out, and says so; free items are never offered."""
    path = tmp_path / "rules.toml"
    path.write_text("[hotels.1]\nhidden = [102]")
    listed = api.with_doors(rules_file=path).ask("GET", "/v1/hotels/1/items").json()
    assert {one["item_seq"]: one["offered"] for one in listed["items"]} == {
        101: True, 102: False, 103: True, 104: False,
    }  # fmt: skip
    assert listed["items"][0] | {"offered": True} == {
        "item_seq": 101, "item_name": "조식 세트", "department_seq": 10, "price": 25_000,
        "offered": True,
    }  # fmt: skip


def test_unknown_hotels_and_wrong_numbers_are_problems(api):
    """Paths are checked like bodies."""
    assert api.ask("GET", "/v1/hotels/999/items").status_code == 404
    wrong = api.ask("GET", "/v1/hotels/one/items")
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "hotel_seq"


def test_file_that_vanishes_leaves_its_rules(api, tmp_path):
    """Sold-out items do not come back because somebody moved the file."""
    path = tmp_path / "rules.toml"
    path.write_bytes(b"\xef\xbb\xbf[hotels.1]\nhidden = [101]")  # as some editors begin a file
    doors = Doors.of(ServingSettings(rules_file=path, keys_file=tmp_path / "keys"), reachable=False)
    path.unlink()
    for file in doors.files:
        file.refresh()
    assert doors.rules.value.of(1).hidden == {101}
    path.write_text("")
    for file in doors.files:
        file.refresh()
    assert doors.rules.value.of(1).is_empty


def test_file_that_breaks_its_reader_is_passed_over(tmp_path):
    """Whatever a file holds, the next good one is read."""
    path = tmp_path / "any"
    path.write_text("good")

    def read(content):
        if content == b"bad":
            raise ZeroDivisionError
        return content

    watched = Watched(path, read)
    for content in ("bad", "better"):
        path.write_text(content)
        watched.refresh()
    assert watched.value == b"better"


def test_changed_file_counts_and_a_wrong_one_does_not(api, tmp_path):
    """A change is taken while the API runs; a change that cannot be read leaves what was."""
    path = tmp_path / "rules.toml"
    path.write_text("[hotels.1]\nhidden = [101]")
    watched = Watched(path, Rules.read)
    assert watched.value.of(1).hidden == {101}
    path.write_text("[hotels.1]\nhidden = [101, 102]")
    watched.refresh()
    assert watched.value.of(1).hidden == {101, 102}
    path.write_text("[hotels.1]\nhiden = [101, 102, 103]")
    os.utime(path, (1, 1))
    watched.refresh()
    assert watched.value.of(1).hidden == {101, 102}


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("hotels = 3", "hotels"),
        ("[hotels.1]\nhiden = [1]", "hotels.1.hiden"),
        ("[hotels.1]\nmax_price = -1", "hotels.1.max_price"),
        ('[hotels.1.department_hours]\n10 = ["7-10"]', "07:00-10:30"),
        ('[hotels.1.department_hours]\n10 = ["07:00-24:30"]', "07:00-10:30"),
        ("[hotels.1", "not TOML"),
        ("[hotels.1]\nhidden = [99999999999999999999]", "hotels.1.hidden"),
        ("[hotels.1]\nmax_price = 99999999999999999999", "hotels.1.max_price"),
        ('[hotels.1]\nmax_price = "5000"', "hotels.1.max_price"),
        ("[hotels.1]\nmax_per_department = true", "hotels.1.max_per_department"),
        ("x = " + "[" * 20_000, "nested too deeply"),
    ],
)
def test_wrong_rule_is_named(rules, said):
    """A fault says where in the file it is."""
    with pytest.raises(UsageFault) as fault:
        Rules.read(rules.encode())
    assert said in fault.value.message


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_hours_cover_each_minute_once(begins, ends, now):
    """A span and the span from its end to its beginning divide the day between them."""
    if begins == ends:
        return
    at = datetime(2017, 12, 25, now // 60, now % 60, tzinfo=UTC)

    def is_open(first, last):
        from nextloop.serving.rules import _open

        return _open((f"{first // 60:02}:{first % 60:02}-{last // 60:02}:{last % 60:02}",), at)

    assert is_open(begins, ends) != is_open(ends, begins)
    assert HotelRules(department_hours={1: ("00:00-24:00",)}).department_hours
