"""What MLflow's container runs, without the container: its start, PostgreSQL and a bucket."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.gcs.stand_in import EMULATOR
from tests.ports import free_port
from tests.registry.mlflow_server import ROOT, START_SECONDS

from nextloop import settings as settings_tree
from nextloop.registry import artifact, excerpt, lifecycle
from nextloop.registry.resolve import resolve
from nextloop.storage.lake import create_lake

pytestmark = pytest.mark.mlflow
SECRETS = {
    "database_password": "a database password",
    "admin_password": "an admin password",
    "session_key": "a session key",
    "gcs_key": "",
}


@contextmanager
def database(folder, password):
    """A cluster as compose's image would make it."""
    port, script = str(free_port()), str(ROOT / "scripts/postgres.sh")
    start = [script, "start", str(folder), port, "mlflow", "mlflow", "mlflow_auth"]
    subprocess.run(start, input=password, text=True, check=True, timeout=100)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        subprocess.run([script, "stop", str(folder)], check=True, timeout=60)


def await_healthy(url, server, log):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert server.poll() is None, f"the server ended: {log.read_text()}"
        try:
            if httpx.get(f"{url}/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.3)
    raise AssertionError(f"the server is not healthy: {log.read_text()}")


@pytest.fixture
def served(stand_in, tmp_path):
    """The server as the image starts it, on a bucket; gives its metrics, and flags for settings."""
    folder = Path(tempfile.mkdtemp(prefix="nextloop-container-"))
    folder.chmod(0o755)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name, value in SECRETS.items():
        (secrets / name).write_text(value)
    port, metrics_port = str(free_port()), str(free_port())
    with database(folder / "postgres", SECRETS["database_password"]) as address:
        surroundings = {
            "PATH": f"{ROOT / '.venv-mlflow/bin'}:{os.environ['PATH']}",
            EMULATOR: stand_in.url,
            "MLFLOW_SECRETS": str(secrets),
            "MLFLOW_DATABASE": address,
            "MLFLOW_ARTIFACTS": f"{stand_in.place()}/mlflow",
            "MLFLOW_ALLOWED_HOSTS": f"127.0.0.1:{port}",
            "MLFLOW_BIND": "127.0.0.1",
            "MLFLOW_BIND_PORT": port,
            "MLFLOW_METRICS_PORT": metrics_port,
            "MLFLOW_WORKERS": "1",
        }
        with (
            (tmp_path / "server.log").open("w") as log,
            subprocess.Popen(
                [ROOT / "deploy/mlflow/start.sh"],
                env=surroundings,
                stdout=log,
                stderr=log,
                process_group=0,
            ) as server,
        ):
            try:
                await_healthy(f"http://127.0.0.1:{port}", server, tmp_path / "server.log")
                yield (
                    f"http://127.0.0.1:{metrics_port}/metrics",
                    {
                        "mlflow.tracking_uri": f"http://127.0.0.1:{port}",
                        "mlflow.username": "admin",
                        "mlflow.password_file": str(secrets / "admin_password"),
                    },
                )
            finally:
                os.killpg(server.pid, signal.SIGTERM)
                server.wait(30)
    shutil.rmtree(folder)


@pytest.mark.timeout(240)
def test_models_lie_in_the_bucket_and_come_back(served, stand_in, tmp_path, again):
    """Publish, promote and fetch through the server; nobody gets in without the password."""
    metrics, container = served
    lake = f"{stand_in.place()}/lake"
    create_lake(lake, "0" * 16)
    flags = {**container, "lake": lake}
    settings = settings_tree.load({**flags, "mlflow.model_cache": str(tmp_path / "a")})
    ref = again(settings)[3]
    lifecycle.promote(settings, ref.version, "first")
    assert [call for call in stand_in.calls() if "trees.txt" in call.target]
    elsewhere = settings_tree.load({**flags, "mlflow.model_cache": str(tmp_path / "b")})
    found = resolve("production", elsewhere)
    assert found.bundle_folder.is_relative_to(tmp_path / "b")
    assert artifact.read(found.bundle_folder, found.digest)["trees.txt"] == b"tree"
    brought = settings_tree.load({**flags, "mlflow.model_cache": str(tmp_path / "c")})
    excerpt.bring(brought, ref.version, ref.digest, tmp_path / "excerpt")
    alone = {"lake": str(tmp_path / "excerpt"), "mlflow.model_cache": str(tmp_path / "c")}
    kept = tmp_path / "c" / ref.digest
    assert resolve(ref.version, settings_tree.load(alone)).bundle_folder == kept
    assert artifact.read(kept, ref.digest)["trees.txt"] == b"tree"
    search = f"{container['mlflow.tracking_uri']}/api/2.0/mlflow/registered-models/search"
    assert httpx.get(search).status_code == 401
    assert httpx.get(search, auth=("admin", SECRETS["admin_password"])).status_code == 200
    assert httpx.get(metrics.replace("/metrics", "/")).status_code == 404
    counted = httpx.get(metrics).text
    assert re.search(r'mlflow_http_request_total\{.*status="200"\} [1-9]', counted)
    assert re.search(r'mlflow_http_request_total\{.*status="401"\} 1', counted)


def test_a_missing_secret_is_told(tmp_path):
    """The server does not start without its secrets, and says which is missing."""
    done = subprocess.run(
        [ROOT / "deploy/mlflow/start.sh"],
        env={
            "PATH": os.environ["PATH"],
            "MLFLOW_SECRETS": str(tmp_path),
            "MLFLOW_DATABASE": "127.0.0.1:1",
            "MLFLOW_ARTIFACTS": "gs://bucket/x",
            "MLFLOW_ALLOWED_HOSTS": "127.0.0.1:1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "database_password is missing" in done.stderr
