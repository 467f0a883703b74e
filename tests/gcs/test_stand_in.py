"""The stand-in reads, lists, fails and asks for tokens as its users expect."""

from __future__ import annotations

import gc

import httpx
import pytest
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY
from tests.gcs.asking import NAME, Store
from tests.gcs.faults import Fault


def test_ranges(store: Store) -> None:
    """Parts of an object are read by their bounds, from a place on, or from its end."""
    store.ask("PUT", "/{b}/{o}", content=b"0123456789")
    wanted = {"bytes=2-4": b"234", "bytes=7-": b"789", "bytes=-2": b"89", "bytes=8-99": b"89"}
    found = {
        bounds: store.ask("GET", "/{b}/{o}", headers={"Range": bounds}).content for bounds in wanted
    }
    assert found == wanted
    assert store.ask("GET", "/{b}/{o}", headers={"Range": "bytes=10-"}).status_code == 416


def test_listings_by_both_interfaces(store: Store) -> None:
    """A listing folds at the delimiter and goes on after each page, by JSON and by XML."""
    for name in ("x/1", "x/2", "y", "x/z/3", "a", "x-y"):
        store.ask("PUT", "/{b}/" + name, content=b".")
    pages: list[list[str]] = []
    token = ""
    while True:
        path = f"/storage/v1/b/{{b}}/o?delimiter=/&maxResults=2&pageToken={token}"
        page = store.ask("GET", path).json()
        pages.append(
            sorted([*(o["name"] for o in page.get("items", [])), *page.get("prefixes", [])])
        )
        if not (token := page.get("nextPageToken", "")):
            break
    assert pages == [["a", "x-y"], ["x/", "y"]]
    found = store.ask("GET", "/{b}?list-type=2&prefix=x/&delimiter=/").text
    assert [part.split("<")[0] for part in found.split("<Key>")[1:]] == ["x/1", "x/2"]
    assert "<CommonPrefixes><Prefix>x/z/</Prefix></CommonPrefixes>" in found


# Google's client drops the connections of answers that it tries again.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_faults_come_as_ordered(store: Store, google: storage.Bucket) -> None:
    """The next calls that match are refused, cut or lost, and the log tells which."""
    store.ask("PUT", "/{b}/{o}", content=b"text" * 1000)
    store.stand_in.order(Fault(method="GET", path="alt=media", times=2, status=503))
    store.stand_in.order(Fault("cut", method="GET", path="alt=media", size=100))
    quick = DEFAULT_RETRY.with_delay(initial=0.01, maximum=0.01)
    assert google.blob(NAME).download_as_bytes(retry=quick) == b"text" * 1000
    store.stand_in.order(Fault("lost", method="POST"))
    google.blob("lost").upload_from_string(b"there", retry=quick)
    store.stand_in.order(Fault("cut_upload", method="PUT", size=2))
    with pytest.raises(httpx.TransportError):
        store.ask("PUT", "/{b}/half", content=b"never there")
    assert store.ask("GET", "/{b}/half").status_code == 404
    faults = [call.fault for call in store.stand_in.calls() if call.fault]
    assert faults == ["status", "status", "cut", "lost", "cut_upload"]
    gc.collect()  # while the warning is ignored


def test_tokens_can_be_required(store: Store) -> None:
    """Where tokens are required, a call without one answers 401, with one it is let in."""
    store.stand_in.require_tokens()
    assert store.ask("PUT", "/{b}/{o}", content=b"text").status_code == 401
    grant = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "a.b.c"}
    token = store.ask("POST", "/token", data=grant).json()["access_token"]
    signed = {"Authorization": f"Bearer {token}"}
    assert store.ask("PUT", "/{b}/{o}", content=b"text", headers=signed).is_success
