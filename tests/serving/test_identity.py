"""Which slot, code and model answered: in the headers of every answer, and when ready."""

from __future__ import annotations

import asyncio

import httpx

import nextloop
from nextloop.serving import app, identity
from nextloop.serving.doors import Doors
from nextloop.serving.identity import Identity
from nextloop.settings import ServingSettings

NOWHERE = "/nowhere/api-keys.json"


def _ask(service, path):
    doors = Doors.of(ServingSettings(keys_file=NOWHERE), reachable=False)
    named = app.create(service, doors, Identity("blue", "0.1.0-abc"))

    async def send():
        transport = httpx.ASGITransport(named)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.get(path)

    return asyncio.run(send())


def test_every_answer_names_slot_code_and_model(api, model_refs):
    """Also those that are no success, and those of the frame around the app."""
    ref = model_refs["ranker"]
    for path in ("/v1/model", "/nowhere", "/metrics"):
        headers = _ask(api.service, path).headers
        assert headers["x-nextloop-slot"] == "blue"
        assert headers["x-nextloop-code"] == "0.1.0-abc"
        assert headers["x-nextloop-model"] == f"{ref.version}-{ref.digest}"


def test_ready_names_slot_and_code(api):
    """Whoever switches traffic can tell that the right process answers."""
    found = _ask(api.service, "/readyz").json()
    assert (found["slot"], found["code"]) == ("blue", "0.1.0-abc")


def test_no_model_is_named_before_there_is_one(empty_api):
    """While the model is loaded the answer is 503, from a named slot, without a model."""
    answer = _ask(empty_api.service, "/readyz")
    assert answer.status_code == 503
    assert answer.headers["x-nextloop-slot"] == "blue"
    assert "x-nextloop-model" not in answer.headers


def test_process_without_a_slot_says_nothing_of_it(api):
    """`nextloop serve` by itself answers as it always did."""
    headers = api.ask("GET", "/readyz").headers
    assert not [name for name in headers if name.startswith("x-nextloop")]


def test_code_is_named_by_what_it_is(tmp_path, monkeypatch):
    """Equal code has an equal name wherever it lies; one changed letter makes another."""
    package = tmp_path / "nextloop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(nextloop, "__file__", str(package / "__init__.py"))
    first = identity.code()
    moved = tmp_path / "elsewhere"
    package.rename(moved)
    monkeypatch.setattr(nextloop, "__file__", str(moved / "__init__.py"))
    assert identity.code() == first
    (moved / "__init__.py").write_text("#")
    assert identity.code() != first


def test_metrics_are_of_the_slot(api):
    """What one slot counted stays apart from what the other did, even if both are scraped alike."""
    text = _ask(api.service, "/metrics").text
    assert 'nextloop_model_info{digest="' in text
    assert 'slot="blue"' in text
    assert 'slot="none"' not in text
