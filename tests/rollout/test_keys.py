"""Releases where callers need keys: golden questions are asked with a key that no slot gets."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from nextloop import processes
from nextloop.serving import keys

pytestmark = pytest.mark.timeout(300)
QUESTION = b'{"hotel_seq": 1, "k": 2}'


@pytest.fixture
def keyed(stage):
    """A rollout whose slots ask everybody for a key, and a key for all hotels."""
    file = stage.folder / "keys.json"
    text, _ = keys.add(file, "everything", None)
    stage.variables |= {
        "NEXTLOOP_SERVING__KEYS": "always",
        "NEXTLOOP_SERVING__KEYS_FILE": str(file),
    }
    return stage, text


def status(port, key=""):
    """Ask through the proxy."""
    headers = {"content-type": "application/json"} | (
        {"authorization": f"Bearer {key}"} if key else {}
    )
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/v1/recommendations", QUESTION, headers)
    try:
        with urllib.request.build_opener().open(asked, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_release_is_asked_with_the_key_of_the_switcher(keyed):
    """It goes through; callers need a key; the switcher's is in no slot's environment."""
    stage, text = keyed
    stage.set(key=text)
    stage.deploy(1)
    stage.deploy(4)
    assert status(stage.port) == 401
    assert status(stage.port, text) == 200
    slots = [
        found
        for slot in ("blue", "green")
        for found in processes.marked("ROLLOUT_SLOT", f"{stage.rollout.places.folder}:{slot}")
    ]
    assert len(slots) == 2
    for slot in slots:
        environment = Path(f"/proc/{slot.pid}/environ").read_bytes()
        assert b"NEXTLOOP_SERVING__KEYS_FILE" in environment
        assert text.encode() not in environment
    assert text not in stage.logs()


def test_release_without_a_key_is_refused_with_advice(keyed):
    """Where slots ask for a key and the switcher has none, nothing is switched."""
    stage, _ = keyed
    complaint = stage.deploy(1, code=5)
    assert "401" in complaint, complaint
    assert "NEXTLOOP_ROLLOUT__KEY" in complaint
    assert stage.live is None
