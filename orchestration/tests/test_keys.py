"""A connection's key on its whole way: through the project's own command, and away again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from conftest import execute
from nextloop_orchestration.operators import NextLoopOperator
from stations import DEV, bucket_server, make_bucket, upload

PLANTED = "planted-key-id"
STEP = """
from airflow.sdk.bases.operator import ExecutorSafeguard
from nextloop_orchestration.operators import NextLoopOperator
step = NextLoopOperator(task_id="step", arguments=["ingest"])
ExecutorSafeguard.tracker.set(step)
print("ready", flush=True)
step.execute({})
"""


def key(url: str) -> dict[str, str]:
    """A service account's key, of an account that nobody has."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "type": "service_account",
        "project_id": "test",
        "private_key_id": PLANTED,
        "private_key": text.decode(),
        "client_email": "batch@test.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"{url}/token",
    }


@pytest.fixture
def landing(tmp_path, monkeypatch):
    """A landing in a bucket that is reached by a key from the connection."""
    made = ["--out", str(tmp_path / "landing"), "--weeks", "1", "--hotels", "1", "--orders", "100"]
    subprocess.run([DEV / "nextloop", "--quiet", "simulate", *made], check=True)
    with bucket_server() as url:
        for bucket in ("hotels", "lake"):
            make_bucket(url, bucket)
        for file in (tmp_path / "landing").glob("*.csv"):
            upload(url, "hotels", file.name, file.read_bytes())
        connection = {"conn_type": "google_cloud_platform", "extra": {"keyfile_dict": key(url)}}
        for name, text in {
            "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT": json.dumps(connection),
            "AIRFLOW__NEXTLOOP__COMMAND": str(DEV / "nextloop"),
            "STORAGE_EMULATOR_HOST": url,
            "NEXTLOOP_LANDING": "gs://hotels",
            "NEXTLOOP_LAKE": "gs://lake",
            "NEXTLOOP_PRIVACY__GUEST_KEY_FILE": str(tmp_path / "guest.key"),
        }.items():
            monkeypatch.setenv(name, text)
        yield url


def test_a_key_is_used_and_leaves_nothing(landing, capfd):
    """The command takes it for one and reads its table; no file or line has it afterwards."""
    subprocess.run([DEV / "nextloop", "--quiet", "ingest"], check=True)
    step = NextLoopOperator(task_id="step", arguments=["tables", "show", "orders"])
    assert execute(step)["rows"] == 100
    assert _files_with_the_key() == []
    assert PLANTED not in "".join(capfd.readouterr())


def test_a_killed_task_leaves_no_key(landing):
    """Killed while the command holds it: the command goes, and then its file."""
    folder = Path(__file__).parent
    with subprocess.Popen(
        [sys.executable, "-c", STEP], cwd=folder, stdout=subprocess.PIPE, text=True
    ) as task:
        assert task.stdout.readline() == "ready\n"
        assert _within(60, _files_with_the_key)
        os.kill(task.pid, signal.SIGKILL)
    assert _within(30, lambda: not _files_with_the_key())


def _files_with_the_key() -> list[Path]:
    """The private files that hold the planted key; they are this user's, in memory or in /tmp."""
    found = []
    for place in (Path("/dev/shm"), Path("/tmp")):  # noqa: S108 where it is looked for
        for path in place.glob("nextloop-key-*/*"):
            try:
                if PLANTED in path.read_text("utf-8"):
                    found.append(path)
            except OSError:
                continue
    return found


def _within(seconds, holds) -> bool:
    end = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(0.05)
    return bool(held)
