"""The weekly batch on its real systems: scheduler, bucket, Slack, the project's own command.

One Airflow is started and lives through one story; each test is a chapter of it, in order.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local_airflow import Airflow, started
from stations import DEV, Channel, bucket_server, make_bucket, remove, slack_channel, upload

pytestmark = pytest.mark.timeout(900)  # of two cores that others use too

FIRST_DAY = dt.date(2026, 10, 5)
WEEKS = 6
BROKEN = "hotel-orders-broken.csv"
# Reads every table of the lake in the project's environment: rows as sorted text, less what names
# the run that has written them.
READ = """
import json, sys
from nextloop import settings
from nextloop.storage import delta
from nextloop.storage.lake import open_lake
from nextloop.tables import FEATURE_TABLES, LANDING_FILES, ORDER_LINES, ORDERS, REJECTED_ROWS

APART = {"run_id", "ingested_at"}
lake = open_lake(settings.load().lake)
found = {}
for table in (ORDERS, ORDER_LINES, REJECTED_ROWS, LANDING_FILES, *FEATURE_TABLES):
    rows = delta.read(lake, table).to_pylist() if delta.version(lake, table) >= 0 else []
    found[table.name] = sorted(
        json.dumps({name: row[name] for name in row if name not in APART}, default=str)
        for row in rows
    )
json.dump(found, sys.stdout)
"""


@dataclass
class Story:
    """What the chapters share.

    Attributes:
        airflow: The one that runs.
        channel: Slack.
        bucket: The stand-in's address.
        files: The simulated weekly files.
        variables: The project's settings.
        seen: What earlier chapters have found.
    """

    airflow: Airflow
    channel: Channel
    bucket: str
    files: list[Path]
    variables: dict[str, str]
    seen: dict[str, Any] = field(default_factory=dict)

    def put(self, *files: Path) -> None:
        """Put order files into the landing."""
        for file in files:
            upload(self.bucket, "hotels", f"orders/{file.name}", file.read_bytes())

    def project(self, *arguments: str) -> Any:
        """Run the project's own Python or command, and read the JSON that it prints."""
        done = subprocess.run(
            [DEV / arguments[0], *arguments[1:]],
            env={"PATH": os.environ["PATH"], **self.variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def tables(self) -> dict[str, list[str]]:
        """Read every table."""
        found: dict[str, list[str]] = self.project("python", "-c", READ)
        return found


def tuesday(week: int) -> str:
    """The moment at which the batch of a simulated week is due."""
    return f"{FIRST_DAY + dt.timedelta(days=7 * week + 1)}T04:00:00+09:00"


def sunday(week: int) -> str:
    """The last day of a simulated week."""
    return str(FIRST_DAY + dt.timedelta(days=7 * week - 1))


def at(rows: list[str], as_of: str) -> list[str]:
    """The rows of one as-of date."""
    return [row for row in rows if json.loads(row)["as_of"] == as_of]


@pytest.fixture(scope="module")
def story(tmp_path_factory) -> Iterator[Story]:
    """Start everything once."""
    folder = tmp_path_factory.mktemp("story")
    sizes = {
        "hotels": 2,
        "weeks": WEEKS,
        "orders": 1800,
        "start": FIRST_DAY,
        "out": folder / "files",
    }
    options = [text for name, each in sizes.items() for text in (f"--{name}", str(each))]
    subprocess.run([DEV / "nextloop", "--quiet", "simulate", *options], check=True, cwd=folder)
    with bucket_server() as url, slack_channel() as channel:
        for name in ("hotels", "lake"):
            make_bucket(url, name)
        variables = {
            "STORAGE_EMULATOR_HOST": url,
            "NEXTLOOP_LANDING": "gs://hotels/orders",
            "NEXTLOOP_LAKE": "gs://lake/tables",
            "NEXTLOOP_MLFLOW__TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
            "NEXTLOOP_PRIVACY__GUEST_KEY_FILE": str(folder / "guest.key"),
        }
        google = {"conn_type": "google_cloud_platform", "extra": {"is_anonymous": True}}
        slack = {"conn_type": "slackwebhook", "password": channel.webhook}
        with started(
            folder / "airflow",
            AIRFLOW__NEXTLOOP__COMMAND=str(DEV / "nextloop"),
            AIRFLOW__NEXTLOOP__DEADLINE_MINUTES="1",
            AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT=json.dumps(google),
            AIRFLOW_CONN_SLACK_ALERTS=json.dumps(slack),
            **variables,
        ) as airflow:
            files = sorted((folder / "files").glob("*.csv"))
            assert len(files) == WEEKS
            yield Story(airflow, channel, url, files, variables)


def test_a_run_fills_the_tables(story):
    """The files of five weeks in the bucket, one run of the scheduler, and the rows are there."""
    story.airflow.pause("release_recommender")
    story.seen["waiting"] = story.airflow.trigger("release_recommender")
    story.put(*story.files[:5])
    run = story.airflow.trigger("ingest_orders", tuesday(5))
    ended = story.airflow.wait_for_end("ingest_orders", run)
    assert ended["state"] == "success", story.airflow.errors()
    story.seen["run"] = run
    report = story.airflow.result("ingest_orders", run, "ingest")
    assert report["new_files"] == 5
    assert report["rows_in"] == report["accepted"] + report["rejected"] + report["superseded"]
    listed = story.airflow.result("ingest_orders", run, "list_files")
    assert listed == {"files": 5, "last": [file.name for file in story.files[:5]]}
    tables = story.tables()
    assert len(tables["orders"]) == report["accepted"]
    assert tables["rejected_rows"] == []
    assert {json.loads(row)["as_of"] for row in tables["item_features"]} == {sunday(5)}
    story.seen["tables"] = tables


def test_a_run_that_waits_too_long_is_told(story):
    """The release was triggered and cannot start: its deadline passes."""
    text = story.channel.wait_for("Deadline missed", story.seen["waiting"], seconds=120)
    assert "release_recommender" in text


def test_new_features_train_and_release(story):
    """The asset's update starts the training, the model's the release; nobody does by hand."""
    trained = story.airflow.wait_for_end("train_recommender")
    assert trained["state"] == "success", story.airflow.errors()
    assert trained["run_type"] == "asset_triggered"
    (event,) = story.airflow.ask("/api/v2/assets/events?order_by=timestamp")["asset_events"][:1]
    assert event["extra"]["as_of"] == sunday(5)
    story.airflow.pause("release_recommender", paused=False)
    released = story.airflow.wait_for_end("release_recommender")
    assert released["state"] == "success", story.airflow.errors()
    states = {
        row["version"]: row["state"]
        for row in story.project("nextloop", "models", "list", "--json")
    }
    assert list(states.values()).count("production") == 1


def test_a_broken_file_is_told_and_stops_no_other(story):
    """A wrong header beside a good file: the good one is in, Slack hears of the other."""
    broken = story.files[0].read_bytes().replace(b"order_seq", b"number", 1)
    upload(story.bucket, "hotels", f"orders/{BROKEN}", broken)
    story.put(story.files[5])
    run = story.airflow.trigger("ingest_orders", tuesday(6))
    assert story.airflow.wait_for_end("ingest_orders", run)["state"] == "failed"
    states = story.airflow.states("ingest_orders", run)
    assert states == {
        "list_files": "success",
        "ingest": "success",
        "features": "success",
        "announce_features": "success",
        "check_refused": "failed",
    }
    text = story.channel.wait_for("Task failed", "check_refused", seconds=30)
    assert BROKEN in text
    assert "order_seq" in text
    assert run in text
    assert "작업 실패" in text
    dates = {json.loads(row)["as_of"] for row in story.tables()["item_features"]}
    assert dates == {sunday(5), sunday(6)}


def test_a_backfilled_week_gives_equal_tables(story):
    """Weeks later, with newer files in the landing, a week's features are what they were."""
    remove(story.bucket, "hotels", f"orders/{BROKEN}")
    before = story.tables()
    day = FIRST_DAY + dt.timedelta(days=7 * 5)
    window = ["--from-date", str(day), "--to-date", str(day + dt.timedelta(days=2))]
    story.airflow.command(
        "backfill",
        "create",
        "--dag-id",
        "ingest_orders",
        *window,
        "--reprocess-behavior",
        "completed",
    )
    run = story.airflow.wait_for_end("ingest_orders", story.seen["run"])
    assert run["state"] == "success", story.airflow.errors()
    assert run["run_type"] == "backfill"
    features = story.airflow.result("ingest_orders", run["dag_run_id"], "features")
    assert (features["as_of"], features["made"]) == (sunday(5), True)
    assert (
        story.airflow.states("ingest_orders", run["dag_run_id"])["announce_features"] == "skipped"
    )
    after = story.tables()
    for name in ("interactions", "item_features", "guest_features", "item_pairs", "hotel_demand"):
        assert at(after[name], sunday(5)) == at(story.seen["tables"][name], sunday(5))
    assert after == before


def test_the_log_has_the_commands_words_and_no_secret(story):
    """Neither the webhook nor the guests' key is in the scheduler's log or a task's."""
    logs = story.airflow.logs()
    assert f"nextloop features --as-of {sunday(5)}" in logs
    assert "ingest: 3/3 stages" in logs
    assert "planted-secret" not in logs
    assert Path(story.variables["NEXTLOOP_PRIVACY__GUEST_KEY_FILE"]).read_text().strip() not in logs
    assert story.airflow.home.stat().st_mode & 0o077 == 0


def test_only_loopback_listens(story):
    """Page, API and whatever else Airflow opens are this machine's alone."""
    mine = {pid for pid in _pids() if _session(pid) in _sessions_of(story.airflow.process.pid)}
    inodes = {inode for pid in mine for inode in _sockets(pid)}
    addresses = {
        fields[1].rpartition(":")[0]
        for table in ("tcp", "tcp6")
        for fields in (
            line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        )
        if fields[3] == "0A" and fields[9] in inodes
    }
    assert addresses == {"0100007F"}


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def _sessions_of(script: int) -> set[int]:
    children = Path(f"/proc/{script}/task/{script}/children").read_text().split()
    return {int(child) for child in children}


def _sockets(pid: int) -> set[str]:
    found = set()
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            target = str(link.readlink())
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:
        pass
    return found
