"""Who is answered: nobody without a key but where listed, and nobody about another's hotel."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextloop.errors import UsageFault
from nextloop.serving import access, keys
from nextloop.serving.access import OPEN_PATHS, Buckets
from nextloop.serving.doors import Doors
from nextloop.settings import ServingSettings

MENUS = {
    1: {101: ("조식 세트", 25_000), 102: ("라면", 9_000), 103: ("맥주", 8_000), 104: ("수건", 0)},
    2: {101: ("Burger", 15_000), 201: ("Salad", 11_000), 202: ("Coffee", 6_000)},
}
EVENT = {
    "event_id": "e-1", "request_id": "r-1", "item_seq": 101, "kind": "shown",
    "at": "2017-12-25T23:00:00+09:00",
}  # fmt: skip


def _bearer(text):
    return {"authorization": f"Bearer {text}"}


@pytest.fixture
def keys_file(tmp_path):
    """Name a file of keys that is not there yet."""
    return tmp_path / "config" / "api-keys.json"


@pytest.fixture
def keyed(api, keys_file, tmp_path):
    """Give an API that asks for keys, with one for hotel 1."""
    text, _ = keys.add(keys_file, "front desk", frozenset({1}))
    return api.with_doors(keys_file=keys_file, events_folder=tmp_path / "events"), text


@pytest.fixture
def door(api, keys_file, tmp_path):
    """Give an API that asks for keys, its doors and its file of keys."""
    keys.add(keys_file, "nobody", frozenset())
    wanted = ServingSettings(
        keys_file=keys_file,
        events_folder=tmp_path / "events",
        rate_per_second=1e6,
        rate_burst=10**6,
    )
    doors = Doors.of(wanted, reachable=False)
    yield type(api).create(api.slot, api.service.clock, doors), doors, keys_file
    doors.spool.close()


def test_every_route_refuses_an_anonymous_caller_unless_listed(keyed):
    """All routes of the app are walked, with every method that they have."""
    closed, _ = keyed
    walked = [
        (method, route.path)
        for route in closed.app.routes
        for method in getattr(route, "methods", None) or ["GET"]
    ]
    assert len(walked) >= 9
    for method, path in walked:
        answer = closed.ask(method, path.replace("{hotel_seq}", "1"))
        if path in OPEN_PATHS:
            assert answer.status_code in {200, 405}
        else:
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"] == "Bearer"
    assert closed.ask("GET", "/no/such/path").status_code == 401


def test_document_says_what_is_open(keyed):
    """The contract names a way to send a key for every path that is closed."""
    paths = keyed[0].ask("GET", "/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for operation in methods.values():
            assert bool(operation["security"]) is (path not in OPEN_PATHS)
            assert ("401" in operation["responses"]) is (path not in OPEN_PATHS)
    assert any(isinstance(route, APIRoute) for route in keyed[0].app.routes)


@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key"])
def test_good_key_is_answered(keyed, header):
    """A key opens its hotel in either header; its first letter changed, it opens nothing."""
    closed, text = keyed
    before = "Bearer " if header == "Authorization" else ""
    for key, status in ((text, 200), (text[:-1] + ("A" if text[-1] != "A" else "B"), 401)):
        sent = {header: before + key}
        asked = closed.ask("POST", "/v1/recommendations", json={"hotel_seq": 1}, headers=sent)
        assert asked.status_code == status


def test_file_holds_no_key(keyed, keys_file):
    """What is kept cannot be sent: only a hash is there, for its owner's eyes."""
    _, text = keyed
    assert text not in keys_file.read_text()
    assert text.split("_")[2] not in keys_file.read_text()
    assert keys_file.stat().st_mode & 0o777 == 0o600


def test_revoked_key_is_refused(api, keys_file):
    """Once the change of the file is seen, without a restart; the last key gone opens nothing."""
    text, key = keys.add(keys_file, "front desk", None)
    doors = Doors.of(ServingSettings(keys_file=keys_file), reachable=False)
    closed = type(api).create(api.slot, api.service.clock, doors)
    assert closed.ask("GET", "/v1/model", headers=_bearer(text)).status_code == 200
    keys.revoke(keys_file, key.id)
    doors.files[0].refresh()
    assert closed.ask("GET", "/v1/model", headers=_bearer(text)).status_code == 401
    assert closed.ask("GET", "/v1/model").status_code == 401
    keys_file.unlink()
    doors.files[0].refresh()
    assert closed.ask("GET", "/v1/model").status_code == 401


def test_reachable_process_never_answers_without_keys(keys_file):
    """From other machines nobody is answered as long as there is no key, whatever the setting."""
    with pytest.raises(UsageFault, match="none in") as fault:
        Doors.of(ServingSettings(keys_file=keys_file), reachable=True)
    assert "nextloop keys add" in fault.value.hint
    with pytest.raises(UsageFault):
        Doors.of(ServingSettings(keys_file=keys_file, keys="always"), reachable=False)
    assert Doors.of(ServingSettings(keys_file=keys_file), reachable=False).access.keys() is None


def test_first_key_closes_a_process_that_answered_everybody(door):
    """Once there was a key everybody needs one, also when the last key is gone again."""
    closed, doors, keys_file = door
    for key in keys.listed(keys_file):
        keys.revoke(keys_file, key.id)
    doors.files[0].refresh()
    assert closed.ask("GET", "/v1/model").status_code == 401


def test_process_begins_to_ask_when_a_key_is_made(api, keys_file):
    """No start is needed for the first key to count."""
    doors = Doors.of(ServingSettings(keys_file=keys_file), reachable=False)
    opened = type(api).create(api.slot, api.service.clock, doors)
    assert opened.ask("GET", "/v1/model").status_code == 200
    text, _ = keys.add(keys_file, "first", None)
    doors.files[0].refresh()
    assert opened.ask("GET", "/v1/model").status_code == 401
    assert opened.ask("GET", "/v1/model", headers=_bearer(text)).status_code == 200


@pytest.mark.parametrize("name", ["", "x" * 65, "two\nlines", "\x1b[31mred", "turned\u202e"])
def test_name_that_no_list_could_show_is_refused(keys_file, name):
    """A key's name is one short line that can be read."""
    with pytest.raises(UsageFault, match="printable"):
        keys.add(keys_file, name, None)


def test_file_of_keys_that_others_may_write_is_refused(keys_file):
    """Whoever could write it could make a key."""
    keys.add(keys_file, "first", None)
    keys_file.chmod(0o666)
    with pytest.raises(UsageFault, match="others may write") as fault:
        Doors.of(ServingSettings(keys_file=keys_file), reachable=False)
    assert "chmod 600" in fault.value.hint
    with pytest.raises(UsageFault):
        keys.listed(keys_file)


def test_rate_is_limited_by_key(api, keys_file):
    """Above its rate a key is told when to go on; another key is not concerned."""
    first, _ = keys.add(keys_file, "first", None)
    second, _ = keys.add(keys_file, "second", None)
    closed = api.with_doors(keys_file=keys_file, rate_per_second=0.1, rate_burst=2)
    asked = [closed.ask("GET", "/v1/model", headers=_bearer(first)) for _ in range(3)]
    assert [one.status_code for one in asked] == [200, 200, 429]
    assert 1 <= int(asked[2].headers["retry-after"]) <= 10
    assert asked[2].headers["content-type"] == "application/problem+json"
    assert closed.ask("GET", "/v1/model", headers=_bearer(second)).status_code == 200


@given(st.lists(st.floats(0, 3), max_size=200), st.floats(0.5, 20), st.integers(1, 10))
def test_bucket_never_gives_more_than_burst_and_rate(pauses, rate, burst):
    """However requests are spaced, no more pass than the burst and what the rate has filled."""
    now = [0.0]
    bucket = Buckets(rate, burst, lambda: now[0])
    passed = 0
    for pause in pauses:
        now[0] += pause
        passed += bucket.take("k") == 0
    assert passed <= burst + now[0] * rate + 1e-6


def test_every_question_of_a_batch_counts(api, keys_file):
    """A batch is answered whole; what it was beyond the key's share, the next request waits for."""
    text, _ = keys.add(keys_file, "one", None)
    closed = api.with_doors(keys_file=keys_file, rate_per_second=0.1, rate_burst=10)
    batch = {"requests": [{"hotel_seq": 1}] * 20}
    headers = _bearer(text)
    first = closed.ask("POST", "/v1/recommendations:batch", json=batch, headers=headers)
    then = closed.ask("GET", "/v1/hotels/1/items", headers=headers)
    assert [one["status"] for one in first.json()["answers"]] == [200] * 20
    assert then.status_code == 429
    assert 100 < int(then.headers["retry-after"]) <= 110  # 11 requests at one in 10 s


def test_too_long_bodies_are_refused(api):
    """One question has 64 KiB, many have 1 MiB."""
    for path, limit in (("/v1/recommendations", 2**16), ("/v1/recommendations:batch", 2**20)):
        answer = api.ask(
            "POST", path, content=b" " * (limit + 1), headers={"content-type": "application/json"}
        )
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"


def test_wrong_files_end_the_start(keys_file, tmp_path):
    """A file of keys that is none, and rules that are not there, are refused at the start."""
    keys_file.parent.mkdir()
    keys_file.write_text("{}[")
    with pytest.raises(UsageFault, match="API keys"):
        Doors.of(ServingSettings(keys_file=keys_file), reachable=False)
    missing = ServingSettings(
        keys_file=Path("/nowhere/keys.json"), rules_file=tmp_path / "rules.toml"
    )
    with pytest.raises(UsageFault, match="no file of hotels' rules"):
        Doors.of(missing, reachable=False)


HOTELS = st.sampled_from([1, 2, 3, 999])
SCOPES = st.frozensets(HOTELS, min_size=1)


@given(scope=SCOPES, asked=st.lists(HOTELS, min_size=1, max_size=5), guest=st.integers(0, 5000))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_key_sees_another_hotel(door, scope, asked, guest):
    """Whatever is asked by whatever route: what comes back is of the key's own hotels.

    A hotel that is not the key's is answered alike whether it exists or not.
    """
    closed, doors, keys_file = door
    text, _ = keys.add(keys_file, "one", scope)
    doors.files[0].refresh()
    kept_before = _kept(doors)

    async def ask():
        async with closed.client() as client:
            client.headers.update(_bearer(text))
            questions = [{"hotel_seq": hotel, "customer_seq": guest} for hotel in asked]
            single = [await client.post("/v1/recommendations", json=one) for one in questions]
            listed = [await client.get(f"/v1/hotels/{hotel}/items") for hotel in asked]
            batch = await client.post("/v1/recommendations:batch", json={"requests": questions})
            told = {"events": [EVENT | {"hotel_seq": hotel} for hotel in asked]}
            return single, listed, batch, await client.post("/v1/events", json=told)

    single, listed, batch, told = asyncio.run(ask())
    for hotel, one, menu, part in zip(asked, single, listed, batch.json()["answers"], strict=True):
        expected = 403 if hotel not in scope else 200 if hotel in MENUS else 404
        assert (one.status_code, menu.status_code, part["status"]) == (expected,) * 3
        if expected == 403:
            assert _said(one) == _said(menu) == part["problem"] | {"request_id": ""}
        if expected == 200:
            for offers in (one.json()["offers"], menu.json()["items"], part["answer"]["offers"]):
                shown = {(item["item_seq"], item["item_name"]) for item in offers}
                assert shown <= {(seq, name) for seq, (name, _) in MENUS[hotel].items()}
    mine = set(asked) <= scope
    assert told.status_code == (202 if mine else 403)
    assert _kept(doors) - kept_before == (len(asked) if mine else 0)


def _kept(doors):
    return sum(path.read_bytes().count(b"\n") for path in doors.spool.folder.glob("*"))


def _said(answer: httpx.Response):
    return answer.json() | {"request_id": ""}


def test_problem_of_another_hotel_names_none():
    """The answer tells nothing of the hotel that was asked about."""
    assert access.other_hotel().errors == []
