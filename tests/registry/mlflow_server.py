"""The MLflow server that `make mlflow` starts, for tests: on ports and in a folder of its own."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.ports import free_port

from nextloop.registry.store import locate, opened
from nextloop.registry.tracking import fluent
from nextloop.registry.versions import pages
from nextloop.settings import Settings

ROOT = Path(__file__).parents[2]
START_SECONDS = 110


@contextmanager
def running() -> Iterator[dict[str, str]]:
    """Start the server and stop it again with its database.

    Yields:
        Flags by which settings name it.
    """
    # Not pytest's own folder, which is closed to the user that PostgreSQL runs as for root.
    folder = Path(tempfile.mkdtemp(prefix="nextloop-mlflow-"))
    folder.chmod(0o755)
    try:
        port = str(free_port())
        with _script(folder / "server", port):
            yield {
                "mlflow.tracking_uri": f"http://127.0.0.1:{port}",
                "mlflow.username": "nextloop",
                "mlflow.password_file": str(folder / "server/client.password"),
            }
    finally:
        shutil.rmtree(folder)


@contextmanager
def _script(folder: Path, port: str) -> Iterator[None]:
    assert (ROOT / ".venv-mlflow/bin/mlflow").exists(), "make test-mlflow installs the server"
    command = [str(ROOT / "scripts/mlflow.sh"), "--folder", str(folder), "--port", port]
    with subprocess.Popen(
        [*command, "--database-port", str(free_port()), "--metrics-port", str(free_port())],
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    ) as script:
        try:
            assert script.stdout is not None
            said = script.stdout.readline()  # the first line comes when it is ready
            assert said.startswith("MLflow is ready"), said
            yield
        finally:
            script.send_signal(signal.SIGTERM)
            script.communicate(timeout=60)


@pytest.fixture(scope="session")
def server() -> Iterator[dict[str, str]]:
    """A real MLflow server on PostgreSQL, as `make mlflow` starts it; its flags for settings."""
    with running() as flags:
        yield flags


def copy_versions(settings: Settings, name: str) -> None:
    """Register the versions of one model once more under another name: quicker than to log them.

    Args:
        settings: Of the model.
        name: Of the new one.
    """
    store = locate(settings)
    with opened(store) as client, fluent(store):
        client.create_registered_model(name)
        for version in sorted(pages(client, store), key=lambda each: int(each.version)):
            model = Path(version.tags["place"]).parts[3]  # a search does not tell it
            client.create_model_version(
                name,
                f"models:/{model}",
                run_id=version.run_id,
                model_id=model,
                tags=version.tags,
            )
