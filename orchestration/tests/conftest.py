"""What every test gets: an Airflow home of its own, and none of the caller's settings.

Airflow reads its configuration when it is first imported, so the home is made here, at import.
"""

from __future__ import annotations

import atexit
import contextvars
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
_HOME = tempfile.mkdtemp(prefix="nextloop-airflow-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)

for _name in list(os.environ):
    if _name.startswith(("AIRFLOW", "NEXTLOOP", "GOOGLE_", "STORAGE_EMULATOR")):
        del os.environ[_name]
os.environ |= {
    "AIRFLOW_HOME": _HOME,
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "orchestration/dags"),
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_HOME}/airflow.db",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests run where there is no nextloop.toml, with a home of their own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write a program and let it be the project's command."""

    def write(text: str) -> Path:
        path = tmp_path / "bin" / "nextloop"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        path.chmod(0o700)
        monkeypatch.setenv("AIRFLOW__NEXTLOOP__COMMAND", str(path))
        return path

    return write


def execute(step: Any) -> Any:
    """Execute a step as the task runner does."""
    from airflow.sdk.bases.operator import ExecutorSafeguard

    surroundings = contextvars.copy_context()
    surroundings.run(ExecutorSafeguard.tracker.set, step)
    return surroundings.run(step.execute, {})
