"""Slots as plain processes, each the `nextloop serve` of the environment that its release names.

Comes in: a release. Goes out: a process that outlives the command, found again by a mark in its
environment, whatever file was lost.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from nextloop import processes
from nextloop.errors import UsageFault
from nextloop.rollout import connections
from nextloop.rollout.places import Places, write_whole
from nextloop.rollout.release import Release
from nextloop.rollout.runner import Code, Stopped, environment, telling
from nextloop.settings.allowed import CONFIG_VARIABLE, settings_file
from nextloop.telemetry import logs

_MARK: Final = "ROLLOUT_SLOT"
_NAME_SECONDS: Final = 60
_KILL_SECONDS: Final = 10.0
_ENVIRONMENTS: Final = ("", ".venv", ".venv-dev")
_log = logs.get("rollout")


@dataclass(frozen=True)
class ProcessRunner:
    """Runs slots on this machine.

    Args:
        places: Of the rollout.
        variables: Environment beside this process's own.
    """

    places: Places
    variables: Mapping[str, str] = field(default_factory=dict)

    def code_at(self, place: str | None) -> Code:
        """Find the Python of a checkout or environment and ask it what code it runs."""
        python = _python_at(place)
        command = [str(python), "-m", "nextloop.serving.identity"]
        try:
            done = subprocess.run(  # noqa: S603 the Python that the operator names
                command, capture_output=True, text=True, timeout=_NAME_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as refused:
            raise _not_servable(python, str(refused)) from refused
        if done.returncode or not done.stdout.strip():
            lines = done.stderr.strip().splitlines()
            raise _not_servable(python, lines[-1] if lines else f"exit code {done.returncode}")
        return Code(str(python), done.stdout.strip())

    def start(self, slot: str, release: Release) -> None:
        """Start a process of its own session, with a log of its own; the log before is kept."""
        log = self.places.log(slot)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        command = [release.place, "-m", "nextloop.cli", "serve", "--json", "--slot", slot]
        asked = ["--lake", release.lake, "--model", str(release.version)]
        started = processes.start(
            [*command, *asked, "--uds", str(self.places.socket(slot))],
            Path.cwd(),
            log,
            {**environment(), **_config(), **self.variables, _MARK: self._mark(slot)},
        )
        write_whole(self._record(slot), json.dumps(asdict(started)))

    def runs(self, slot: str) -> bool:
        """Tell whether a process bears the slot's mark."""
        return bool(self._found(slot))

    def stop(self, slot: str, seconds: float) -> Stopped:
        """Send SIGTERM, wait, and count what is cut if SIGKILL has to follow."""
        left = processes.terminate(self._found(slot), seconds)
        if not left:
            self.places.socket(slot).unlink(missing_ok=True)
            return Stopped()
        cut = connections.count(self.places.socket(slot))
        _log.warning("slot killed", slot=slot, cut_requests=cut, after_seconds=seconds)
        processes.kill([*left, *self._found(slot)], _KILL_SECONDS)
        self.places.socket(slot).unlink(missing_ok=True)
        return Stopped(was_killed=True, cut=cut)

    def said(self, slot: str) -> str:
        """Return the line of the log that most likely says why."""
        try:
            lines = self.places.log(slot).read_text("utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return telling(lines)

    def _found(self, slot: str) -> list[processes.Process]:
        """Find a slot's processes: by their mark, and by record.

        The mark finds what was started by a command that died before it wrote anything. The
        record finds a process that has no environment for a moment, because it is being replaced
        by another program.
        """
        found = processes.marked(_MARK, self._mark(slot))
        try:
            recorded = processes.Process(**json.loads(self._record(slot).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return found
        return found if recorded in found or not recorded.is_alive() else [recorded, *found]

    def _record(self, slot: str) -> Path:
        return self.places.record(slot).with_suffix(".process.json")

    def _mark(self, slot: str) -> str:
        return f"{self.places.folder}:{slot}"


def _python_at(place: str | None) -> Path:
    """Find the Python; its path stays as it is given, since a venv is known by its own link."""
    if place is None:
        return Path(sys.executable)
    given = Path(place).absolute()
    if given.is_file():
        return given
    for name in _ENVIRONMENTS:
        python = given / name / "bin" / "python"
        if python.is_file():
            return python
    raise UsageFault(
        f"There is no Python in {given}.",
        "Give --code an environment, or a checkout in which `make setup` was run.",
    )


def _config() -> dict[str, str]:
    """Let slots read the settings file that this command reads, wherever they are started from."""
    found = settings_file()
    return {CONFIG_VARIABLE: str(found.absolute())} if found else {}


def _not_servable(python: Path, why: str) -> UsageFault:
    return UsageFault(
        f"{python} cannot serve a slot: {why}",
        "Install NextLoop into that environment: docs/rollout.md.",
    )
