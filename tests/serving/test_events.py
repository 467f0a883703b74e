"""Events: acknowledged once they are on disk, whatever happens to the process afterwards."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time

import httpx
import pytest

from nextloop.errors import UsageFault
from nextloop.jobs.events import ship
from nextloop.serving.background import run_in_background
from nextloop.serving.spool import Spool, SpoolFault
from nextloop.storage.spool_files import SpoolFile, closed

EVENT = {
    "event_id": "e-1", "request_id": "9f6c0c0ae7d94d6f", "hotel_seq": 1, "item_seq": 103,
    "kind": "ordered", "at": "2017-12-25T23:00:00+09:00", "rank": 1, "quantity": 2,
    "revenue": 16_000,
}  # fmt: skip


def _lines(folder):
    found = [path.read_bytes().splitlines(keepends=True) for path in folder.glob("events-*")]
    return [json.loads(line) for lines in found for line in lines if line.endswith(b"\n")]


def test_event_is_kept_as_it_was_told(api, tmp_path):
    """One line an event, its time in UTC, with when it came; nothing names a guest."""
    told = api.with_doors(events_folder=tmp_path).ask(
        "POST", "/v1/events", json={"events": [EVENT]}
    )
    assert (told.status_code, told.json()) == (202, {"accepted": 1})
    (kept,) = _lines(tmp_path)
    assert kept.pop("received_at")
    assert kept == EVENT | {"at": "2017-12-25T14:00:00+00:00"}


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "clicked"}, {"at": "2017-12-25T23:00:00"}, {"event_id": "a b"}, {"rank": 0},
        {"revenue": -1}, {"customer_seq": 1001},
    ],
)  # fmt: skip
def test_wrong_event_keeps_none(api, tmp_path, change):
    """Of events that come together all are kept or none; a guest's number is refused."""
    body = {"events": [EVENT, EVENT | change]}
    assert (
        api.with_doors(events_folder=tmp_path).ask("POST", "/v1/events", json=body).status_code
        == 422
    )
    assert not (tmp_path / "events").exists()


def test_many_callers_share_a_sync(tmp_path, monkeypatch):
    """A thousand callers at once wait for far fewer synchronisations, and all lines are there."""
    synced = []
    real = os.fdatasync

    def count(descriptor):
        synced.append(descriptor)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", count)
    spool = Spool(tmp_path / "events")

    async def tell():
        await asyncio.gather(*(spool.add(b'{"n":%d}\n' % n) for n in range(1000)))

    asyncio.run(tell())
    spool.close()
    assert sorted(line["n"] for line in _lines(spool.folder)) == list(range(1000))
    assert len(synced) < 500
    assert [path.suffix for path in spool.folder.iterdir()] == [".jsonl"]


def test_file_is_closed_when_it_is_large_or_old(tmp_path):
    """What is closed can be shipped while the process goes on."""
    large, old = (
        Spool(tmp_path / "large", file_bytes=10),
        Spool(tmp_path / "old", file_seconds=0.01),
    )
    for spool in (large, old):
        asyncio.run(spool.add(b'{"n":1}\n' * 2))
    for _ in range(100):
        shipped = [list(closed(spool.folder)) for spool in (large, old)]
        if all(shipped):
            break
        time.sleep(0.05)
    assert all(shipped)
    large.close()
    old.close()


def test_full_disk_is_told_and_overcome(tmp_path, monkeypatch):
    """Lines that the disk does not take are not acknowledged; later ones are, in another file."""
    spool = Spool(tmp_path)

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fdatasync", full)
        with pytest.raises(SpoolFault):
            asyncio.run(spool.add(b'{"n":1}\n'))
    asyncio.run(spool.add(b'{"n":2}\n'))
    spool.close()
    assert [path.read_bytes() for path in tmp_path.glob("*.jsonl")] == [b'{"n":2}\n']


def test_full_disk_leaves_no_empty_files(tmp_path, monkeypatch):
    """However often callers try again, the folder does not fill with files of nothing."""
    spool = Spool(tmp_path)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", full)
        for _ in range(3):
            with pytest.raises(SpoolFault):
                asyncio.run(spool.add(b'{"n":1}\n'))
    assert not list(tmp_path.glob("events-*"))
    spool.close()


def test_landing_that_is_not_there_takes_nothing(tmp_path):
    """A mistyped landing is told, and the events stay where they are."""
    file = SpoolFile.create(tmp_path / "spool")
    file.append(b"1\n")
    file.close()
    with pytest.raises(UsageFault, match="no landing"):
        ship(tmp_path / "spool", str(tmp_path / "landimg"))
    assert len(list((tmp_path / "spool").iterdir())) == 1


@pytest.mark.parametrize(
    ("at", "status"),
    [
        ("2017-12-26T10:00:00+09:00", 202),
        ("2199-12-31T00:00:00Z", 422),  # later than our clock by more than a day
        ("1970-01-01T00:00:00+09:00", 422),  # of 1969 in UTC, which no table would take
    ],
)
def test_moment_that_would_bend_reports_is_refused(api, tmp_path, at, status):
    """A clock may be a little wrong; what ingest would reject is not acknowledged."""
    told = api.with_doors(events_folder=tmp_path / "events")
    answer = told.ask("POST", "/v1/events", json={"events": [EVENT | {"at": at}]})
    assert answer.status_code == status
    if status == 422:
        assert answer.json()["errors"][0]["field"] == "events[0].at"


def test_broken_spool_is_a_problem(api, tmp_path):
    """The caller is told to send the events again."""
    (tmp_path / "file").touch()
    broken = api.with_doors(events_folder=tmp_path / "file" / "events")
    answer = broken.ask("POST", "/v1/events", json={"events": [EVENT]})
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("events-not-kept")
    assert answer.headers["retry-after"] == "5"


def test_open_file_is_shipped_only_after_its_writer(tmp_path):
    """A file that is written to is left alone; one whose writer has died is shipped."""
    landing = tmp_path / "landing"
    landing.mkdir()
    script = (
        "import time\nfrom pathlib import Path\n"
        "from nextloop.storage.spool_files import SpoolFile\n"
        f"file = SpoolFile.create(Path({str(tmp_path / 'spool')!r}))\n"
        "file.append(b'1\\n')\nprint('ready', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        busy = ship(tmp_path / "spool", str(landing))
        assert (busy.files, busy.open_files) == (0, 1)
        writer.kill()
        writer.wait()
    shipped = ship(tmp_path / "spool", str(landing))
    assert (shipped.files, shipped.events, shipped.open_files) == (1, 1, 0)
    assert [path.read_bytes() for path in (landing / "events").iterdir()] == [b"1\n"]
    assert not list((tmp_path / "spool").iterdir())


def test_shipping_again_is_harmless(tmp_path):
    """A shipper that died between the copy and the removal is finished by the next one."""
    landing = tmp_path / "landing"
    landing.mkdir()
    file = SpoolFile.create(tmp_path / "spool")
    file.append(b"1\n")
    file.close()
    (path,) = (tmp_path / "spool").iterdir()
    content = path.read_bytes()
    for _ in range(2):
        assert ship(tmp_path / "spool", str(landing)).events == 1
        path.write_bytes(content)
    assert len(list((landing / "events").iterdir())) == 1


def test_no_acknowledged_event_is_lost_when_the_process_is_killed(lake, tmp_path):
    """Killed with SIGKILL while eight callers tell, again and again: all that was said is there."""
    environment = {
        "NEXTLOOP_PRIVACY__GUEST_KEY": "an only-for-tests guest key of 38 characters",
        "NEXTLOOP_SERVING__EVENTS_FOLDER": str(tmp_path / "spool"),
        "NEXTLOOP_SERVING__EVENTS_FILE_BYTES": "20000",
        "NEXTLOOP_SERVING__KEYS_FILE": str(tmp_path / "keys.json"),
    }
    acknowledged: list[str] = []
    for turn in range(3):
        with run_in_background(["--lake", str(lake)], environment=environment) as running:
            callers = [
                threading.Thread(target=_tell, args=(running.url, f"{turn}-{n}", acknowledged))
                for n in range(8)
            ]
            for caller in callers:
                caller.start()
            limit = time.monotonic() + 60
            while len(acknowledged) < 300 * (turn + 1):  # several files' worth
                assert time.monotonic() < limit
                time.sleep(0.05)
            os.kill(running.pid, signal.SIGKILL)
            for caller in callers:
                caller.join(20)
    (tmp_path / "landing").mkdir()
    ship(tmp_path / "spool", str(tmp_path / "landing"))
    kept = {line["event_id"] for line in _lines(tmp_path / "landing" / "events")}
    assert set(acknowledged) - kept == set()


def _tell(url, name, acknowledged):
    with httpx.Client(base_url=url) as client:
        for number in range(100_000):
            event = EVENT | {"event_id": f"{name}-{number}"}
            try:
                if client.post("/v1/events", json={"events": [event]}).status_code == 202:
                    acknowledged.append(event["event_id"])
            except httpx.TransportError:
                return
