"""An installation of three platforms on one Docker engine, with secrets of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.composing import FOLDER, ROOT, config
from tests.ports import free_port

OURS = 10001  # of our images, and of whoever runs the rollout
WEBHOOK = "https://hooks.slack.com/services/T0/B0/plantedplantedplantedplanted"


@dataclass
class Installation:
    """Where it is, and how its commands are called."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    def sh(self, *command: str, seconds: int = 300, check: bool = True) -> str:
        """Run a command with the variables of the compose files."""
        done = subprocess.run(
            command, env={**os.environ, **self.variables}, cwd=ROOT, text=True,
            capture_output=True, timeout=seconds, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def compose(self, platform: str, *arguments: str, seconds: int = 300) -> str:
        """Run Docker Compose on a platform's file."""
        files = ["--file", str(FOLDER / f"{platform}.yaml")]
        if platform == "mlflow":  # models go to a folder: there is no bucket here
            files += ["--file", str(Path(__file__).with_name("artifacts.yaml"))]
        return self.sh("docker", "compose", *files, *arguments, seconds=seconds)

    def job(self, *arguments: str, seconds: int = 900) -> Any:
        """Run a command of the project on the cluster; return its report."""
        flags = ("--rm", "--no-TTY", "jobs", "nextloop", "--quiet", *arguments, "--json")
        return json.loads(self.compose("spark", "run", *flags, seconds=seconds))

    def rollout(self, *arguments: str) -> Any:
        """Run a command of the rollout on the host, as the user whose files the containers have.

        It writes as that user, but reads what is root's: Python itself may lie in root's home.
        """
        engine = Path("/var/run/docker.sock").stat().st_gid
        who = ("setpriv", f"--reuid={OURS}", f"--regid={OURS}", f"--groups={engine}",
               "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")  # fmt: skip
        done = subprocess.run(
            [*who, sys.executable, "-m", "nextloop.cli", *arguments, "--json"],
            env={**os.environ, **self.variables, **self.settings},
            cwd=self.folder, umask=0o077,
            text=True, capture_output=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    def secrets(self) -> dict[str, str]:
        """Give every secret that there is."""
        folder = self.folder / "secrets"
        found = {
            str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()
        }
        return {name: text.strip() for name, text in found.items() if text.strip()}


def _made(folder: Path) -> Installation:
    port, page = str(free_port()), str(free_port())
    made = Installation(folder)
    made.variables = {
        "SECRETS_FOLDER": str(folder / "secrets"), "DATA_FOLDER": str(folder / "data"),
        "NEXTLOOP_METRICS_FOLDER": str(folder / "textfiles"),
        "ARTIFACTS_FOLDER": str(folder / "artifacts"), "MLFLOW_ARTIFACTS": "/artifacts",
        "MLFLOW_PORT": port, "MLFLOW_COUNTS_PORT": str(free_port()),
        "SPARK_PAGE_PORT": page, "MLFLOW_MEMORY": "2g",
        "MLFLOW_ALLOWED_HOSTS": f"127.0.0.1:{port},dowhat-mlflow-1:5000",
        "SPARK_WORKER_CORES": "1", "SPARK_WORKER_MEMORY": "1500m", "SPARK_WORKER_LIMIT": "4g",
        "SLOTS_GUEST_KEY_FILE": str(folder / "secrets/guest.key"),
        "SLOTS_MODELS_FOLDER": str(folder / "data/models"),
        "SLOTS_KEYS_FOLDER": str(folder / "keys"), "SLOTS_EVENTS_FOLDER": str(folder / "events"),
    }  # fmt: skip
    made.settings = {
        "HOME": str(folder / "home"), "PYTHONPATH": str(ROOT / "src"),
        "NEXTLOOP_LAKE": str(folder / "data/lake"),
        "NEXTLOOP_PRIVACY__GUEST_KEY_FILE": str(folder / "secrets/guest.key"),
        "NEXTLOOP_SERVING__KEYS_FILE": str(folder / "keys/api-keys.json"),
        "NEXTLOOP_MLFLOW__TRACKING_URI": f"http://127.0.0.1:{port}",
        "NEXTLOOP_MLFLOW__USERNAME": "nextloop",
        "NEXTLOOP_MLFLOW__PASSWORD_FILE": str(folder / "secrets/jobs/mlflow_password"),
        "NEXTLOOP_MLFLOW__MODEL_CACHE": str(folder / "data/models"),
        "NEXTLOOP_ROLLOUT__FOLDER": str(folder / "r"), "NEXTLOOP_ROLLOUT__RUNNER": "compose",
        "NEXTLOOP_ROLLOUT__COMPOSE_FILE": str(FOLDER / "backend.yaml"),
        "NEXTLOOP_ROLLOUT__NGINX": str(ROOT / "deploy/nginx/contained.sh"),
        "NEXTLOOP_ROLLOUT__PORT": str(free_port()),
        "NEXTLOOP_ROLLOUT__INNER_PORT": str(free_port()),
        "NEXTLOOP_ROLLOUT__WATCH_SECONDS": "2", "NEXTLOOP_ROLLOUT__READY_SECONDS": "120",
    }  # fmt: skip
    return made


def _images(made: Installation) -> None:
    for platform, name in (("mlflow", "postgres"), ("backend", "nginx")):
        wanted = config(platform)["services"][name]["image"]
        image = made.sh(str(ROOT / "scripts/stand_in.sh"), name, wanted, seconds=600).strip()
        made.variables[f"{name.upper()}_IMAGE"] = image


def _removed(made: Installation, *, had_network: bool) -> None:
    made.variables |= {"SLOTS_USER": f"{OURS}:{OURS}", **made.settings}
    for platform in ("backend", "spark", "mlflow"):
        made.compose(platform, "--profile", "*", "down", "--volumes", "--timeout", "5")
    if not had_network:
        made.sh("docker", "network", "rm", "nextloop", check=False)
    shutil.rmtree(made.folder)


@pytest.fixture(scope="session")
def installed() -> Iterator[Installation]:
    """Start MLflow and a cluster of two workers, with a landing of two hotels' weeks."""
    assert os.getuid() == 0, "make test-images needs root: containers' files have owners"
    folder = Path(tempfile.mkdtemp(prefix="nl-", dir="/tmp"))
    folder.chmod(0o755)
    made = _made(folder)
    for name in ("artifacts", "keys", "events", "home", "r"):
        (folder / name).mkdir()
        os.chown(folder / name, OURS, OURS)
    backend = folder / "secrets/backend"
    backend.mkdir(parents=True)
    (backend / "slack_page_url").write_text(WEBHOOK)
    os.chown(backend / "slack_page_url", OURS, OURS)
    networks = made.sh("docker", "network", "ls", "--format", "{{.Name}}").split()
    try:
        made.sh(str(FOLDER / "secrets.sh"), "mlflow", "spark", "backend")
        _images(made)
        made.compose("mlflow", "up", "--detach", "--wait", "mlflow")
        made.compose("mlflow", "run", "--rm", "client")
        made.compose("spark", "up", "--detach", "--wait", "--scale", "worker=2", "master", "worker")
        yield made
    finally:
        _removed(made, had_network="nextloop" in networks)
