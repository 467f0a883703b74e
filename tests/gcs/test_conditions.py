"""The stand-in keeps conditions on versions, on every way to write, before tests rely on it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gcs.asking import JSON_WAYS, WAYS, Store, marks


@pytest.mark.parametrize("write", WAYS)
def test_every_way_to_write_keeps_the_condition(
    store: Store, write: Callable[[Store, bytes, str], int]
) -> None:
    """A write for a generation that is not the live one answers 412 and changes nothing."""
    assert write(store, b"first", "ifGenerationMatch=0") == 200
    first = store.generation()
    for asked in ("ifGenerationMatch=0", "ifGenerationMatch=1", "ifMetagenerationMatch=7"):
        assert write(store, b"wrong", asked) == 412
    assert (store.generation(), store.data()) == (first, b"first")
    assert write(store, b"second", f"ifGenerationMatch={first}") == 200
    assert write(store, b"wrong", f"ifGenerationMatch={first}") == 412
    assert store.data() == b"second"
    assert store.generation() > first


@pytest.mark.parametrize("write", JSON_WAYS)
def test_a_write_can_ask_for_another_generation(
    store: Store, write: Callable[[Store, bytes, str], int]
) -> None:
    """`ifGenerationNotMatch` refuses the generation named, and 0 the case that there is none."""
    assert write(store, b"wrong", "ifGenerationNotMatch=0") == 412
    assert store.generation() == 0
    assert write(store, b"first", "") == 200
    assert write(store, b"wrong", f"ifGenerationNotMatch={store.generation()}") == 412
    assert write(store, b"second", "ifGenerationNotMatch=0") == 200


def test_a_condition_holds_at_the_end_of_a_long_upload(store: Store) -> None:
    """An upload that began while there was no object fails if one was made meanwhile."""
    path = "/upload/storage/v1/b/{b}/o?uploadType=resumable&name={o}&ifGenerationMatch=0"
    place = store.ask("POST", path).headers["Location"]
    headers = {"Content-Range": "bytes 0-3/*"}
    assert store.http.put(place, content=b"late", headers=headers).status_code == 308
    store.ask("PUT", "/{b}/{o}", content=b"early")
    headers = {"Content-Range": "bytes 4-4/5"}
    assert store.http.put(place, content=b"r", headers=headers).status_code == 412
    assert store.data() == b"early"


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_deleting_and_describing_keep_the_condition(store: Store, method: str) -> None:
    """An object of another generation is neither deleted nor given other metadata."""
    store.ask("PUT", "/{b}/{o}", content=b"text")
    path, body = "/storage/v1/b/{b}/o/{o}?", {"metadata": {"week": "7"}}
    more = {"json": body} if method == "PATCH" else {}
    assert store.ask(method, path + "ifGenerationMatch=1", **more).status_code == 412
    assert store.ask(method, path + "ifMetagenerationMatch=2", **more).status_code == 412
    right = f"ifGenerationMatch={store.generation()}"
    assert store.ask(method, path + right, **more).is_success
    if method == "PATCH":
        found = store.ask("GET", path).json()
        assert (found["metageneration"], found["metadata"]) == ("2", {"week": "7"})
    assert store.ask("DELETE", "/{b}/{o}", headers=marks("ifGenerationMatch=1")).status_code in {
        404,
        412,
    }


def test_reading_keeps_conditions(store: Store) -> None:
    """A reader gets 412 for another version, 304 for the one that it has, 404 for an old one."""
    store.ask("PUT", "/{b}/{o}", content=b"text")
    etag, live = store.ask("HEAD", "/{b}/{o}").headers["ETag"], store.generation()
    asked = {
        "/storage/v1/b/{b}/o/{o}?alt=media&ifGenerationMatch=1": 412,
        f"/storage/v1/b/{{b}}/o/{{o}}?alt=media&ifGenerationNotMatch={live}": 304,
        f"/storage/v1/b/{{b}}/o/{{o}}?generation={live - 1}": 404,
        f"/download/storage/v1/b/{{b}}/o/{{o}}?alt=media&generation={live}": 200,
    }
    assert {path: store.ask("GET", path).status_code for path in asked} == asked
    assert store.ask("GET", "/{b}/{o}", headers={"If-None-Match": etag}).status_code == 304
    assert store.ask("GET", "/{b}/{o}", headers={"If-Match": '"other"'}).status_code == 412
    assert store.ask("PUT", "/{b}/{o}", headers={"If-None-Match": "*"}).status_code == 412


@given(ways=st.lists(st.sampled_from(WAYS), min_size=2, max_size=8))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_of_racing_writers_one_wins_each_generation(
    store: Store, ways: list[Callable[[Store, bytes, str], int]]
) -> None:
    """Of any writers from one generation, by any ways at once, exactly one is told that it won."""
    base = store.generation()
    won: list[bytes] = []
    start = threading.Barrier(len(ways))

    def race(number: int, write: Callable[[Store, bytes, str], int]) -> None:
        with httpx.Client() as http:
            mine = Store(store.stand_in, store.bucket, http)
            start.wait()
            text = f"writer {number}".encode()
            if write(mine, text, f"ifGenerationMatch={base}") == 200:
                won.append(text)

    threads = [threading.Thread(target=race, args=(n, way)) for n, way in enumerate(ways)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.data() == won[0]
    assert store.generation() > base
