"""A service account's key: given to a command, used by every library, and nowhere to be found."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.gcs.stand_in import StandIn
from tests.lakes import Chain
from tests.order_files import KEY, row

from nextloop.tables import ORDERS

SECONDS = 120
# Runs the command, and stops before the first table is published, until it is killed.
HELD = """
import sys, time
from nextloop.storage import delta
delta.publish = lambda *_, **__: (print("held", flush=True), time.sleep(600))
from nextloop.cli import app
app.main()
"""


@pytest.fixture(scope="module")
def private_key() -> str:
    """A key in the form that Google gives."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture
def account(stand_in: StandIn, private_key: str) -> str:
    """The account's key file, for a bucket that lets nobody else in."""
    stand_in.require_tokens()
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "test",
            "client_email": "batch@test.iam.gserviceaccount.com",
            "private_key_id": "4f2",
            "private_key": private_key,
            "token_uri": f"{stand_in.url}/token",
            "gcs_base_url": stand_in.url,  # where the embedded engine looks for the stand-in
        }
    )


@pytest.fixture
def chain(stand_in, sail) -> Chain:
    """A landing in a bucket, filled before anybody is kept out."""
    found = Chain(stand_in.place(), sail)
    found.put("w.csv", [row(1), row(2), "broken"])
    return found


@pytest.fixture
def keys(tmp_path, monkeypatch) -> Path:
    """Where private files are kept."""
    folder: Path = tmp_path / "run"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def start(chain: Chain, *command: str, **more: str) -> subprocess.Popen[str]:
    """Start an ingest into the bucket."""
    return subprocess.Popen(
        [sys.executable, *command, "ingest", "--quiet"],
        env={
            **os.environ,
            "NEXTLOOP_LANDING": chain.settings.landing,
            "NEXTLOOP_LAKE": chain.settings.lake,
            "NEXTLOOP_PRIVACY__GUEST_KEY": KEY,
            "NEXTLOOP_LOG_LEVEL": "debug",
            **more,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def secret_of(account: str) -> str:
    """A line of the private key: what must not show up anywhere."""
    return str(json.loads(account)["private_key"]).splitlines()[3]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["input", "file", "text"])
def test_every_library_signs_in_with_the_key(chain, account, keys, tmp_path, stand_in, way):
    """Whichever way it is given, the job is let in, and nothing that it sends or says shows it."""
    (tmp_path / "key.json").write_text(account, "utf-8")
    given = {
        "input": {"NEXTLOOP_GCS__SERVICE_ACCOUNT_KEY_FILE": "-"},
        "file": {"NEXTLOOP_GCS__SERVICE_ACCOUNT_KEY_FILE": str(tmp_path / "key.json")},
        "text": {"NEXTLOOP_GCS__SERVICE_ACCOUNT_KEY": account},
    }
    process = start(chain, "-m", "nextloop.cli", **given[way])
    said = process.communicate(account if way == "input" else "", timeout=SECONDS)
    assert process.returncode == 0, said
    sent = [repr(call) for call in stand_in.calls()]
    assert secret_of(account) not in " ".join((*said, *sent))
    assert list(keys.iterdir()) == []
    stand_in.clear()
    assert chain.rows(ORDERS, "order_seq") == [(1,), (2,)]


@pytest.mark.slow
def test_key_is_gone_when_the_job_is_killed(chain, account, keys):
    """While it runs, only the private file holds the key; after kill -9 nothing does."""
    with start(chain, "-c", HELD, NEXTLOOP_GCS__SERVICE_ACCOUNT_KEY_FILE="-") as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(account)
        process.stdin.close()
        assert process.stdout.readline() == "held\n", process.stderr and process.stderr.read()
        (file,) = [path for path in keys.rglob("*") if path.is_file() and "key" in path.name]
        assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            assert secret_of(account).encode() not in _told(place)
            assert secret_of(account).encode() not in _told(place.with_name("environ"))
        process.send_signal(signal.SIGKILL)
    limit = time.monotonic() + SECONDS
    while list(keys.iterdir()):
        assert time.monotonic() < limit, "the key is still there"
        time.sleep(0.05)


def _told(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a process that has ended since
        return b""


@pytest.mark.slow
def test_without_a_key_nobody_is_let_in(chain, account, stand_in):
    """The bucket's refusal is one line, and says what helps."""
    process = start(chain, "-m", "nextloop.cli")
    _, said = process.communicate("", timeout=SECONDS)
    assert process.returncode == 4
    assert "no Google Cloud credentials here" in said
    assert "gcloud auth application-default login" in said


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"NEXTLOOP_GCS__SERVICE_ACCOUNT_KEY": "{}"}, "is not of the type service_account"),
        ({"NEXTLOOP_GCS__SERVICE_ACCOUNT_KEY_FILE": "nowhere.json"}, "cannot be read"),
        ({"NEXTLOOP_GCS__SERVICE_ACCOUNT_KEY_FILE": "/dev/null"}, "is not a JSON object"),
        ({"NEXTLOOP_GCS__SERVICE_ACCOUNT_KEY_FILE": "-"}, "is not a JSON object"),
    ],
)
def test_key_that_is_none(tmp_path, sail, given, told):
    """A wrong key is a usage fault before anything is read."""
    process = start(Chain(tmp_path, sail), "-m", "nextloop.cli", **given)
    _, said = process.communicate("", timeout=SECONDS)
    assert process.returncode == 2
    assert told in said
