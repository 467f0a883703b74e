"""Slots as services of Docker Compose: `blue_app` and `green_app` of deploy/compose/slots.yaml.

Comes in: a release whose code is an image. Goes out: a container that listens in the folder of
sockets that it shares with the proxy. What it is started as stands in variables of the command,
so the file is never edited.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nextloop.errors import SystemFault, UsageFault
from nextloop.registry import excerpt
from nextloop.rollout import handed_on
from nextloop.rollout.places import Places
from nextloop.rollout.release import Release
from nextloop.rollout.runner import Code, Stopped, environment, telling
from nextloop.settings import RolloutSettings, resolve
from nextloop.storage.places import is_bucket

_PROJECT: Final = "nextloop"
_FILE: Final = "deploy/compose/slots.yaml"
_COMMAND_SECONDS: Final = 300.0
_LAST_LINES: Final = "20"
_CLEARS_LINE: Final = "\x1b[2K"
"""Compose 2.26 begins every line of a log with it, wherever it writes."""
_USUAL: Final = ("To get more help", "See 'docker", "Run 'docker")


@dataclass(frozen=True)
class ComposeRunner:
    """Runs slots in containers.

    Args:
        settings: Name Docker's command and the compose file.
        places: Of the rollout.
    """

    settings: RolloutSettings
    places: Places

    def code_at(self, place: str | None) -> Code:
        """Pin an image by its digest and ask it what code it holds."""
        if place is None:
            raise UsageFault("No image is given.", "Name one: nextloop rollout deploy --code IMAGE")
        image = self._docker("image", "inspect", "--format", "{{.Id}}", place).strip()
        ask = ("python", "-m", "nextloop.serving.identity")
        name = self._docker("run", "--rm", "--network", "none", image, *ask).strip()
        return Code(image, name)

    def start(self, slot: str, release: Release) -> None:
        """Make the service's container anew with this image and model."""
        flags = ("up", "--detach", "--no-deps", "--force-recreate", "--pull", "never")
        self._compose(*flags, _service(slot), variables=self._variables(slot, release))

    def runs(self, slot: str) -> bool:
        """Tell whether the service has a container that runs."""
        listed = self._compose("ps", "--quiet", "--status", "running", _service(slot))
        return bool(listed.strip())

    def stop(self, slot: str, seconds: float) -> Stopped:
        """Let Docker send SIGTERM and, after some time, SIGKILL; then see which it was."""
        found = self._compose("ps", "--quiet", "--status", "running", _service(slot)).split()
        if not found:
            return Stopped()
        self._compose("stop", "--timeout", str(max(1, round(seconds))), _service(slot))
        code = self._docker("inspect", "--format", "{{.State.ExitCode}}", found[0]).strip()
        self._compose("rm", "--force", _service(slot))
        self.places.socket(slot).unlink(missing_ok=True)
        # 128 + SIGKILL. The container is gone with its connections: how many cannot be told.
        killed = code == "137"
        return Stopped(was_killed=killed, cut=None if killed else 0)

    def said(self, slot: str) -> str:
        """Return the line of the container's log that most likely says why."""
        flags = ("--no-color", "--no-log-prefix", "--tail", _LAST_LINES)
        log = self._compose("logs", *flags, _service(slot))
        return telling(log.replace(_CLEARS_LINE, "").splitlines())

    def _compose(self, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
        file = self.settings.compose_file or Path(__file__).parents[3] / _FILE
        named = ("compose", "--project-name", _PROJECT, "--file", str(file))
        return self._docker(*named, *arguments, variables=variables)

    def _docker(self, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
        command = [self.settings.docker, *arguments]
        try:
            done = subprocess.run(  # noqa: S603 the command that the settings name
                command,
                env={**environment(), **self._shared(), **(variables or {})},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_COMMAND_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as refused:
            raise SystemFault(
                f"{self.settings.docker} cannot be run: {refused}",
                "Install Docker with Compose 2, or set NEXTLOOP_ROLLOUT__RUNNER to process.",
            ) from refused
        if done.returncode:
            said = done.stderr.strip().splitlines()
            lines = [line for line in said if line.strip() and not line.startswith(_USUAL)]
            raise SystemFault(
                f"docker {' '.join(arguments[:1])} failed: {lines[-1] if lines else 'no word'}",
                "Is the Docker engine running, and may this user reach it?",
            )
        return done.stdout

    def _shared(self) -> dict[str, str]:
        """Give what the file asks of every command, for it is read whole each time."""
        return {
            "SLOTS_SOCKETS": str(self.places.sockets),
            "SLOTS_USER": f"{os.getuid()}:{os.getgid()}",
        }

    def _variables(self, slot: str, release: Release) -> dict[str, str]:
        """Say what a slot is started as. It has no network: of a bucket it gets an excerpt."""
        resolved = resolve({"lake": release.lake})
        lake = release.lake
        if is_bucket(lake):
            lake = str(self.places.excerpt(slot))
            excerpt.bring(resolved.settings, release.version, release.digest, Path(lake))
        upper = slot.upper()
        return {
            **handed_on.variables(resolved),
            f"{upper}_IMAGE": release.place,
            f"{upper}_MODEL": str(release.version),
            f"{upper}_LAKE": lake,
        }


def _service(slot: str) -> str:
    return f"{slot}_app"
