"""The loop is closed: offers of the real API are told of, shipped, taken in and reported."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.order_files import KEY

from nextloop.cli.app import run
from nextloop.events import read_lists
from nextloop.serving.background import run_in_background

QUESTION = {"hotel_seq": 1, "customer_seq": 1001, "at": "2017-12-25T20:00:00", "k": 2}


@pytest.fixture
def place(lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake with a model, a landing and a spool, set for commands and server alike."""
    shutil.copytree(lake, tmp_path / "lake")
    (tmp_path / "landing").mkdir()
    variables = {
        "PRIVACY__GUEST_KEY": KEY,
        "LAKE": tmp_path / "lake",
        "LANDING": tmp_path / "landing",
        "SERVING__EVENTS_FOLDER": tmp_path / "spool",
        "SERVING__KEYS_FILE": tmp_path / "keys.json",
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"NEXTLOOP_{name}", str(value))
    return tmp_path


def told(answer, kind, place, **more):
    """An event of an offer, as a hotel's app would send it."""
    offer = answer["offers"][place]
    return {
        "event_id": f"{answer['request_id']}-{kind}-{place}",
        "request_id": answer["request_id"],
        "model_version": answer["model_version"],
        "hotel_seq": 1,
        "item_seq": offer["item_seq"],
        "kind": kind,
        "at": datetime.now(UTC).isoformat(),
        "rank": offer["rank"],
        **more,
    }


def say(capsys, *arguments):
    """Run a command of ours; return its JSON."""
    assert run([*arguments, "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


def test_hit_and_revenue_of_an_answer_come_back(place, capsys):
    """Two lists of two offers are shown, one offer is ordered and told of twice: one hit."""
    with run_in_background() as api, httpx.Client(base_url=api.url) as client:
        answers = [client.post("/v1/recommendations", json=QUESTION).json() for _ in range(2)]
        shown = [told(answer, "shown", at) for answer in answers for at in range(2)]
        ordered = told(answers[0], "ordered", 1, quantity=2, revenue=18_000)
        for events in (shown, [ordered], [ordered]):
            assert client.post("/v1/events", json={"events": events}).status_code == 202
    assert say(capsys, "events", "ship") == {"files": 1, "events": 6, "open_files": 0}
    report = say(capsys, "events", "ingest")
    assert (report["events_in"], report["accepted"], report["doubles"]) == (6, 5, 1)
    found = say(capsys, "events", "report", "--by", "hotel,model,day")
    (row,) = found["rows"]
    assert (row["hotel_seq"], row["model_version"]) == (1, api.model_version)
    assert (row["lists"], row["hits"], row["hit_rate"], row["revenue"]) == (2, 1, 0.5, 18_000)
    assert run(["events", "report", "--quiet"]) == 0
    assert "2 lists shown, 1 hit, 18,000 paid" in capsys.readouterr().out
    assert read_lists()["hit"].tolist().count(True) == 1
    assert say(capsys, "events", "ingest")["new_files"] == 0
    (shipped,) = (place / "landing").rglob("*.jsonl")
    assert "customer" not in shipped.read_text()


def test_report_on_some_days_and_on_none(place, capsys):
    """Before any event the report says what to do; a wrong word or day is told."""
    assert run(["events", "report"]) == 3
    assert "has no events yet" in capsys.readouterr().err
    assert run(["events", "report", "--by", "guest"]) == 2
    assert "Use: hotel, model, slot, day" in capsys.readouterr().err
    assert run(["events", "report", "--since", "yesterday"]) == 2
    assert "--since is 'yesterday'" in capsys.readouterr().err
    (place / "landing" / "events").mkdir()
    line = {**told({"request_id": "r", "model_version": 4, "offers": [
        {"item_seq": 101, "rank": 1}]}, "shown", 0), "received_at": "2017-12-25T15:30:00+00:00",
        "at": "2017-12-25T15:30:00+00:00"}  # fmt: skip
    (place / "landing" / "events" / "a.jsonl").write_text(f"{json.dumps(line)}\n[]\n")
    assert run(["events", "ingest", "--quiet"]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0] == (
        "1 new file of events: 2 in = 1 accepted + 0 doubles + 1 rejected"
    )
    for day, lists in (("2017-12-25", 0), ("2017-12-26", 1), ("2017-12-27", 0)):  # Seoul's
        found = say(capsys, "events", "report", "--since", day, "--until", day)
        assert found["total"]["lists"] == lists
