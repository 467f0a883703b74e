"""The demo as a person meets it: one command, what it prints and what it leaves behind."""

from __future__ import annotations

import json
import os
import shlex
import signal
import stat
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

FIRST_FILE, FILES = "hotel-orders-2026-W36.csv", 4


def _processes_of(group: int) -> list[str]:
    """List the processes of a group that have not ended, by their command."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            text = (folder / "stat").read_text()
        except (OSError, ValueError):
            continue  # no process, or one that has just ended
        state, _, its_group = text.rpartition(")")[2].split()[:3]
        if int(its_group) == group and state not in "ZX":
            found.append(text)
    return found


def test_demo_ends_by_itself(finished):
    """It exits with 0, and no process of it is left, the API's neither."""
    assert finished.code == 0, finished.told
    assert _processes_of(finished.group) == []


def test_demo_tells_each_station(finished):
    """Every station says when it begins and how long it took, in the order of the chain."""
    stations = ("load", "simulate", "engine", "ingest", "features", "train", "promote", "serve")
    places = [finished.told.index(f"{station} ...") for station in (*stations, "ask", "report")]
    assert places == sorted(places)
    assert "ingest: 4/4 weeks done in " in finished.told


def test_demo_prints_offers_and_reasons_in_both_languages(finished):
    """Three guests, each with items, prices and sentences in Korean and English."""
    for title in ("단골 손님", "처음 온 가족", "손님을 모르는 객실", "A regular", "A family"):
        assert title in finished.said
    assert "You ordered it" in finished.said
    assert "주문하" in finished.said
    assert "₩" in finished.said


def test_demo_leaves_the_home_alone(finished):
    """The guest key lies in the demo's folder, outside of the lake, readable by its owner only."""
    assert list(finished.surroundings.home.iterdir()) == []
    key = finished.demo / "guest.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text().strip() not in {
        path.read_text(errors="replace").strip()
        for path in (finished.demo / "lake").rglob("*.json")
    }


def test_weekly_files_arrived_one_by_one(finished):
    """Each week's file was taken in by a run of its own, and lies in the landing unchanged."""
    names = sorted(path.name for path in (finished.demo / "landing").iterdir())
    assert (names[0], len(names)) == (FIRST_FILE, FILES)
    assert not (finished.demo / "export").exists()
    done = _nextloop(finished, "tables show landing_files --rows 10 --json")
    assert len({row["run_id"] for row in json.loads(done.stdout)["sample"]}) == FILES


def test_printed_commands_work_as_printed(finished):
    """Each of the three commands that are printed last runs in the same folder."""
    printed = [line.strip() for line in finished.said.splitlines()[-3:]]
    tables, models, serve = printed
    assert "order_seq" in _shell(finished, tables).stdout
    assert "production" in _shell(finished, models).stdout
    with subprocess.Popen(
        ["sh", "-c", f"exec {serve} --port 0 --json"],  # a free port: 8000 may be taken here
        cwd=finished.surroundings.folder,
        env=finished.surroundings.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as served:
        assert served.stdout is not None
        told = json.loads(served.stdout.readline())
        served.terminate()
    assert served.returncode == 0
    versions = json.loads(_nextloop(finished, "models list --json").stdout)
    in_production = [each["version"] for each in versions if each["state"] == "production"]
    assert [told["model_version"]] == in_production


def test_demo_again_goes_on_with_what_is_there(finished_again):
    """With --keep the second demo finds no new file, and its report as JSON says what it did."""
    assert finished_again.code == 0, finished_again.told
    report = json.loads(finished_again.said)
    ingested = report["ingested"].values()
    assert [(run["new_files"], run["rows_in"]) for run in ingested] == [(0, 0)] * FILES
    assert report["made_with"] == {"hotels": 2, "weeks": 4, "orders": 3000, "seed": 20261122}
    assert [len(asked["offers"]) for asked in report["asked"]] == [5, 5, 5]
    assert {asked["model_version"] for asked in report["asked"]} == {report["production"]}
    assert report["asked"][0]["source"] == "guest"
    assert report["features"]["made"] is False
    assert len(report["next"]) == 3


@pytest.mark.parametrize("station", ["ingest", "serve"])
def test_interrupt_leaves_no_process(surroundings, station):
    """Ctrl-C while a station works ends all of the demo at once, with the shell's code for it."""
    process = surroundings.start("--out", f"cut-{station}", "--hotels", "1", "--weeks", "4",
                                 "--orders", "1000")  # fmt: skip
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if line.startswith(f"{station} ..."):
                break
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the whole group
        process.communicate(timeout=20)
        assert process.returncode == 130
        assert _processes_of(process.pid) == []
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _nextloop(finished, command: str) -> subprocess.CompletedProcess[str]:
    printed = finished.said.splitlines()[-1]
    program = shlex.split(printed)[:-1]  # all but `serve`
    return _shell(finished, f"{shlex.join(program)} {command}")


def _shell(finished, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", command],
        cwd=finished.surroundings.folder,
        env=finished.surroundings.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
