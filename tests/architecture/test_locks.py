"""The lock files: they match pyproject.toml, carry hashes and name no host."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
GROUPS = PROJECT["dependency-groups"]
BASE = PROJECT["project"]["dependencies"]
AIRFLOW = tomllib.loads((ROOT / "orchestration/pyproject.toml").read_text("utf-8"))


def _listed(name: str) -> list[str]:
    lines = (ROOT / f"requirements/{name}.in").read_text("utf-8").splitlines()
    return [line.split(" #")[0] for line in lines if not line.startswith("#")]


WANTED = {
    "docs": _listed("docs"),
    "mlflow": _listed("mlflow"),
    "demo": [*BASE, *EXTRAS["sail"]],
    "spark": [*BASE, *EXTRAS["spark"]],
    "dev": [*BASE, *EXTRAS["spark"], *GROUPS["test"], *GROUPS["check"]],
    "orchestration": [*AIRFLOW["project"]["dependencies"], *AIRFLOW["dependency-groups"]["test"]],
}


def _pins(lock: str) -> dict[str, set[str]]:
    text = (ROOT / f"requirements/{lock}.txt").read_text("utf-8")
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE):
        pins.setdefault(canonicalize_name(name), set()).add(version)
    return pins


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [(lock, each) for lock, requirements in WANTED.items() for each in requirements],
)
def test_lock_holds_what_the_project_asks_for(lock, wanted):
    """Each requirement is pinned to versions that it allows."""
    requirement = Requirement(wanted)
    versions = _pins(lock).get(canonicalize_name(requirement.name), set())
    assert versions
    assert all(requirement.specifier.contains(version, prereleases=True) for version in versions)


@pytest.mark.parametrize("lock", ["demo", "spark", "dev"])
def test_environment_has_one_pyspark(lock):
    """pyspark and pyspark-client install the same folder, so a lock has only one of them."""
    assert len({"pyspark", "pyspark-client"} & set(_pins(lock))) == 1


def test_embedded_install_stays_small():
    """The demo's lock brings neither Java's Spark nor what only tests and checks need."""
    unwanted = {"pyspark", "py4j", "mlflow", "pytest", "ruff", "polars", "duckdb", "scikit-learn"}
    assert not unwanted & set(_pins("demo"))


def test_orchestration_installs_what_its_dags_use():
    """Airflow's lock has neither what it excludes by name nor the project's own stack."""
    unwanted = {*AIRFLOW["tool"]["uv"]["exclude-dependencies"], "mlflow-skinny", "pyspark"}
    assert not unwanted & set(_pins("orchestration"))


def test_mlflows_server_and_client_are_of_one_release():
    """What talks to each other is upgraded together."""
    assert _pins("mlflow")["mlflow"] == _pins("demo")["mlflow-skinny"]


def test_locks_name_no_host_and_have_hashes():
    """The check that `make check` runs passes."""
    done = subprocess.run(
        [ROOT / "scripts/check_locks.sh"], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
