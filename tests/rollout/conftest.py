"""A lake with two models in turn in production, and rollouts of it with a real nginx."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.ports import free_port
from tests.serving.conftest import KEY, model_refs

from nextloop import privacy
from nextloop import settings as settings_tree
from nextloop.registry import artifact, ledger
from nextloop.registry.ledger import Change
from nextloop.registry.versions import ModelRef
from nextloop.rollout import link
from nextloop.rollout.reconcile import stop_all
from nextloop.rollout.rollout import Rollout, rollout_of
from nextloop.storage.lake import create_lake

__all__ = ["model_refs"]

SECONDS = 200  # a deploy takes ten, and a minute where ten others want the same two cores
DOCTORED = Path(__file__).with_name("doctored.py")


@pytest.fixture(scope="session", autouse=True)
def nginx() -> str:
    """The real one; without it nothing here means anything."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert found, "nginx is missing: scripts/nginx.sh"
    return found


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory, model_refs: dict[str, ModelRef]) -> Path:
    """Make a lake in which every model was in production once; the last one still is."""
    root: Path = tmp_path_factory.mktemp("lake")
    owned = create_lake(root, privacy.fingerprint(KEY))
    models = root / "mlflow" / "artifacts"
    models.mkdir(parents=True)
    for name, ref in model_refs.items():
        artifact.write(artifact.read(ref.bundle_folder, ref.digest), models / name)
        promoted = Change(
            action="promote", version=ref.version, previous_version=None, model=name,
            digest=ref.digest, place=name, created_at=datetime(2017, 12, 25, tzinfo=UTC),
            as_of_date=ref.as_of, metrics=json.dumps({"ndcg_at_10": 0.5}), by="tests", reason="",
        )  # fmt: skip
        ledger.append(ledger.read(owned), [promoted])
    return root


@dataclass
class Stage:
    """One rollout in a folder of its own, driven by the real command."""

    folder: Path
    lake: Path
    variables: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, lake: Path, **settings: Any) -> Stage:
        """Choose ports, and waits that suit small hotels."""
        chosen = {
            "folder": folder / "r", "port": free_port(), "inner_port": free_port(),
            "watch_seconds": 1, "ready_seconds": 120, "warm_minutes": 30, **settings,
        }  # fmt: skip
        variables = {f"NEXTLOOP_ROLLOUT__{name.upper()}": str(v) for name, v in chosen.items()}
        variables |= {
            "NEXTLOOP_LAKE": str(lake),
            "NEXTLOOP_PRIVACY__GUEST_KEY": KEY.decode(),
            "NEXTLOOP_SERVING__KEYS_FILE": str(folder / "no-keys.json"),
            "NEXTLOOP_SERVING__EVENTS_FOLDER": str(folder / "events"),
        }
        return cls(folder, lake, variables)

    def set(self, **settings: Any) -> None:
        """Change settings of the rollout."""
        named = {f"NEXTLOOP_ROLLOUT__{name.upper()}": str(v) for name, v in settings.items()}
        self.variables.update(named)

    @property
    def rollout(self) -> Rollout:
        """The same, to look into."""
        before = {name: os.environ.get(name) for name in self.variables}
        os.environ.update(self.variables)
        try:
            return rollout_of(settings_tree.load().rollout)
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    @property
    def port(self) -> int:
        """Where callers reach it."""
        return int(self.variables["NEXTLOOP_ROLLOUT__PORT"])

    @property
    def live(self) -> str | None:
        """The slot that the link names."""
        return link.live(self.rollout.places)

    def start(self, *arguments: str, script: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """Start a command of the rollout."""
        program = script or ("-m", "nextloop.cli")
        return subprocess.Popen(
            [sys.executable, *program, "rollout", *arguments],
            env={**os.environ, **self.variables},
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, code: int = 0) -> Any:
        """Run a command of the rollout; return its report, or what it complained of."""
        with self.start(*arguments, "--json") as process:
            out, errors = process.communicate(timeout=SECONDS)
        assert process.returncode == code, f"{out}\n{errors}\n{self.logs()}"
        return json.loads(out) if code == 0 or arguments[0] == "status" else errors

    def deploy(self, model: int, *arguments: str, code: int = 0) -> Any:
        """Deploy a model version."""
        return self.run("deploy", "--model", str(model), *arguments, code=code)

    def events(self) -> list[str]:
        """Kinds of what was done."""
        return [event["event"] for event in self.run("history", "--limit", "1000")]

    def doctored(self, kind: str) -> str:
        """Make an environment whose code has a fault, or a route for tests."""
        python = self.folder / f"code-{kind}" / "bin" / "python"
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{DOCTORED}" {kind} "$@"\n')
        python.chmod(0o755)
        return str(python.parents[1])

    def logs(self) -> str:
        """What slots and nginx said last."""
        found = [*self.folder.glob("r/logs/*.log"), *self.folder.glob("r/nginx/error.log")]
        return "\n".join(f"{path.name}: {path.read_text()[-600:]}" for path in found)

    def close(self) -> None:
        """Stop whatever runs."""
        rollout = self.rollout
        shorter = rollout.settings.model_copy(update={"stop_seconds": 3, "drain_seconds": 1})
        stop_all(Rollout(shorter, rollout.places, rollout.runner, rollout.proxy))
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def short_folder() -> Path:
    """A folder whose path leaves room for sockets."""
    return Path(tempfile.mkdtemp(prefix="nl-", dir="/tmp"))


@pytest.fixture
def stage(short_folder: Path, lake: Path) -> Iterator[Stage]:
    """A rollout in which nothing was deployed yet."""
    made = Stage.make(short_folder, lake)
    yield made
    made.close()


@pytest.fixture
def deployed(stage):
    """A rollout in which blue answers with model version 1."""
    stage.deploy(1)
    return stage
