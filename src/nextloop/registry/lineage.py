"""Registry: what a training ran on, so that a version can be traced and made again.

Comes in: the installed package, its checkout and its environment. Goes out: tags of an MLflow
run. Nothing here names a person, a guest or a folder of the machine.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

import nextloop

UNKNOWN: Final = "unknown"
COMMIT_VARIABLE: Final = "SOURCE_COMMIT"
"""An image holds no .git: its build says the commit here, with `-dirty` if it was not clean."""
_LIBRARIES: Final = ("deltalake", "lightgbm", "mlflow-skinny", "numpy", "pyarrow")
_GIT_SECONDS: Final = 10


def tags(table_versions: Mapping[str, int]) -> dict[str, str]:
    """Describe code, locks, libraries and the tables that were read.

    Args:
        table_versions: Version by table name.

    Returns:
        Tags by name; `unknown` where nothing can be told.
    """
    package = Path(nextloop.__file__).parent
    return {
        **_code(package),
        **_locks(package.parents[1] / "requirements"),
        **_environment(),
        **{f"table.{name}": str(version) for name, version in sorted(table_versions.items())},
    }


def _code(package: Path) -> dict[str, str]:
    commit = os.environ.get(COMMIT_VARIABLE, "")
    dirty = str(commit.endswith("-dirty")).lower()
    if not commit and _git(package, "ls-files", "--error-unmatch", "__init__.py"):
        commit = _git(package, "rev-parse", "HEAD")
        dirty = str(bool(_git(package, "status", "--porcelain", "--", "."))).lower()
    commit = commit.removesuffix("-dirty")
    return {
        "code.version": nextloop.__version__,
        "code.commit": commit or UNKNOWN,
        "code.dirty": dirty if commit else UNKNOWN,
        # MLflow's own names for the same, which its pages show.
        "mlflow.source.name": "nextloop train",
        "mlflow.source.type": "JOB",
        **({"mlflow.source.git.commit": commit} if commit else {}),
    }


def _git(folder: Path, *arguments: str) -> str:
    """Ask git about the package's own checkout; an empty text if it has none."""
    try:
        done = subprocess.run(  # noqa: S603 fixed arguments
            ["git", "-C", str(folder), *arguments],  # noqa: S607 the git on PATH
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _locks(folder: Path) -> dict[str, str]:
    """Sum each lock file of the checkout; an installed package has none beside it."""
    return {
        f"lock.{lock.stem}": hashlib.sha256(lock.read_bytes()).hexdigest()
        for lock in sorted(folder.glob("*.txt"))
    }


def _environment() -> dict[str, str]:
    """Name what is really installed, which is what counts if it strayed from the lock."""
    installed = {f"{each.name}=={each.version}".lower() for each in metadata.distributions()}
    listed = "\n".join(sorted(installed)).encode()
    versions = {f"library.{name}": _version(name) for name in _LIBRARIES}
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()}-{platform.machine()}".lower(),
        "environment.sha256": hashlib.sha256(listed).hexdigest(),
        **versions,
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return UNKNOWN
