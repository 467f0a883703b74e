"""nginx in front of the slots: its configuration in place, in force, and nginx running.

Comes in: the configuration as it should be. Goes out: an nginx that says it has it. A signal is
no proof: `nginx -s reload` ends well before a new configuration is taken, or refused.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nextloop.errors import SystemFault
from nextloop.rollout import asking, nginxes
from nextloop.rollout.places import Places, sync, write_whole
from nextloop.rollout.template import Configuration, render
from nextloop.settings import RolloutSettings

_COMMAND_SECONDS: Final = 20.0  # nginx tries for 2.5 s to get a port that is taken
_ACCEPT_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.02
# Where Debian puts it, which is on root's PATH only.
_USUAL: Final = "/usr/sbin/nginx"


@dataclass(frozen=True)
class Proxy:
    """nginx with a configuration and a folder of its own.

    Args:
        settings: Of this process.
        places: Of the rollout.
    """

    settings: RolloutSettings
    places: Places

    @property
    def front(self) -> tuple[str, int]:
        """Where callers reach it."""
        return _reached(self.settings.address), self.settings.port

    @property
    def inner(self) -> tuple[str, int]:
        """Where Prometheus and this command reach it, and no caller."""
        return _reached(self.settings.inner_address), self.settings.inner_port

    @property
    def host(self) -> str:
        """A host name that is answered."""
        return self.settings.hosts.split()[0]

    @property
    def file(self) -> Path:
        """Nginx's configuration file."""
        return self.places.nginx / "nginx.conf"

    def generation(self) -> str | None:
        """Ask nginx which configuration it works by; None if it does not answer."""
        reply = asking.ask(self.inner, "/generation")
        return reply.body.decode(errors="replace").strip() if reply else None

    def problem(self) -> str:
        """Say what is wrong with nginx, empty if nothing is."""
        wanted = render(self.settings, self.places)
        found = self.generation()
        if found is None:
            return "nginx does not answer"
        if not self._masters():
            return "nginx's workers have lost their master"
        if found != wanted.generation or self._on_disk() != wanted.text:
            return "nginx works by another configuration"
        return ""

    def ensure(self) -> bool:
        """Have the right configuration in force, starting or reloading nginx only if it must.

        Returns:
            Whether anything had to be done.

        Raises:
            SystemFault: nginx is missing, refuses the configuration or cannot take it; the one
                before stays.
        """
        wanted = render(self.settings, self.places)
        if not self.problem():
            return False
        self._check(wanted)
        before = self._on_disk()
        write_whole(self.file, wanted.text)
        try:
            self._apply(wanted)
        except SystemFault:
            self._restore(before)
            raise
        return True

    def stop(self, seconds: float) -> None:
        """Let nginx finish its requests and end."""
        for pid in [*self._masters(), *self._orphans()]:
            nginxes.send(pid, signal.SIGQUIT)
        until = time.monotonic() + seconds
        while (left := [*self._masters(), *self._orphans()]) and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
        for pid in left:
            nginxes.send(pid, signal.SIGTERM)

    def _on_disk(self) -> str | None:
        try:
            return self.file.read_text("utf-8")
        except OSError:
            return None

    def _check(self, wanted: Configuration) -> None:
        """Let nginx judge the configuration before it takes the place of the one in force."""
        draft = self.file.with_name("nginx.conf.checked")
        draft.write_text(wanted.text, "utf-8")
        done = self._nginx(draft, "-t", "-q")
        draft.unlink()
        if done.returncode:
            raise SystemFault(
                f"nginx refuses its configuration: {_why(done.stderr)}",
                "Nothing was changed. Look at the settings of rollout and at the template.",
            )

    def _apply(self, wanted: Configuration) -> None:
        masters = self._masters()
        for pid in masters:
            nginxes.send(pid, signal.SIGHUP)
        if not masters:
            self._start()
        until = time.monotonic() + _ACCEPT_SECONDS
        while self.generation() != wanted.generation:
            if time.monotonic() > until:
                raise SystemFault(
                    f"nginx did not take its new configuration: {self._last_error()}",
                    f"Look at {self.places.nginx / 'error.log'}.",
                )
            time.sleep(_LOOK_SECONDS)

    def _start(self) -> None:
        for pid in self._orphans():  # their master was killed; they would hold the port
            nginxes.send(pid, signal.SIGQUIT)
        done = self._nginx(self.file)
        if done.returncode:
            raise SystemFault(
                f"nginx does not start: {_why(done.stderr)}",
                "Free the port, or set NEXTLOOP_ROLLOUT__PORT and __INNER_PORT to others.",
            )

    def _restore(self, before: str | None) -> None:
        """Put the file back and let a running nginx go on by it."""
        if before is None:
            self.file.unlink(missing_ok=True)
            sync(self.places.nginx)
            return
        write_whole(self.file, before)
        for pid in self._masters():
            nginxes.send(pid, signal.SIGHUP)

    def _nginx(self, file: Path, *flags: str) -> subprocess.CompletedProcess[str]:
        program = shutil.which(self.settings.nginx) or _USUAL
        errors = str(self.places.nginx / "error.log")
        command = [program, "-p", f"{self.places.nginx}/", "-c", str(file), "-e", errors, *flags]
        said = self.places.nginx / "said.log"
        try:
            # Not through a pipe: a master that stays would hold it open.
            with said.open("w+", encoding="utf-8", errors="replace") as words:
                done = subprocess.run(  # noqa: S603 the nginx that the settings name
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=words,
                    stderr=words,
                    timeout=_COMMAND_SECONDS,
                    check=False,
                )
            return subprocess.CompletedProcess(command, done.returncode, "", said.read_text())
        except FileNotFoundError:
            raise SystemFault(
                f"There is no nginx here ({self.settings.nginx}).",
                "Install it: scripts/nginx.sh, or sudo apt-get install nginx-light.",
            ) from None
        except subprocess.TimeoutExpired:
            raise SystemFault("nginx did not come back.", f"Look at {errors}.") from None

    def _masters(self) -> list[int]:
        return nginxes.masters(self.file)

    def _orphans(self) -> list[int]:
        return nginxes.orphans(self.file, self.places.access_log)

    def _last_error(self) -> str:
        try:
            text = (self.places.nginx / "error.log").read_text("utf-8", errors="replace")
            return _why("\n".join(reversed(text.splitlines())))
        except OSError:
            return "it says nothing"


def _reached(address: str) -> str:
    """Name where one asks what listens on an address."""
    bare = address.strip("[]")
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bare, bare)  # noqa: S104 not bound, translated


def _why(text: str) -> str:
    """Return nginx's first complaint."""
    lines = [
        line
        for line in text.splitlines()
        if "[emerg]" in line and "still could not bind" not in line
    ]
    line = (lines or text.splitlines() or ["it says nothing"])[-1 if not lines else 0]
    return line.partition("] ")[2].partition(": ")[2] or line.removeprefix("nginx: ")
