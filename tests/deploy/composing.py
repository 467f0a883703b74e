"""The files of deploy/compose as Docker Compose reads them, with made-up secrets around them."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "compose"
PLATFORMS = ("airflow", "spark", "mlflow", "backend", "monitoring")
# What has no default, because only whoever installs it knows it.
ASKED = {
    "airflow": {"NEXTLOOP_LANDING": "/srv/nextloop/landing", "NEXTLOOP_LAKE": "/srv/nextloop/lake"},
    "mlflow": {"MLFLOW_ARTIFACTS": "gs://bucket/mlflow"},
}


def compose(
    platform: str, *arguments: str, variables: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run Docker Compose on a platform's file, in an environment of its own."""
    command = ["docker", "compose", "--profile", "*", "--file", str(FOLDER / f"{platform}.yaml")]
    return subprocess.run(
        [*command, *arguments],
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@cache
def _config(platform: str) -> str:
    done = compose(platform, "config", "--format", "json", variables=ASKED.get(platform, {}))
    assert done.returncode == 0, done.stderr
    return done.stdout


def config(platform: str) -> dict[str, Any]:
    """Give a platform's file with all that it extends and includes."""
    found: dict[str, Any] = json.loads(_config(platform))
    return found


def services() -> list[tuple[str, str, dict[str, Any]]]:
    """List every service of every platform."""
    return [
        (platform, name, service)
        for platform in PLATFORMS
        for name, service in sorted(config(platform)["services"].items())
    ]
