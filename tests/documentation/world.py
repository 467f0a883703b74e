"""A folder in which pages are followed: a landing, a lake with models, a home, free ports.

Commands are typed into a real shell. `serve` and what goes on until it is stopped run beside the
next ones and end with the page.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from tests.documentation.blocks import ROOT, Step
from tests.ports import free_port

# These go on until somebody stops them.
_GOES_ON = re.compile(r"nextloop (serve|events ship .*--every)\b")
_LIMIT_SECONDS = 240
_SERVE = Step("-", 0, "sh", "nextloop serve --lake lake")


@dataclass
class World:
    """One folder, its variables, and what runs in it."""

    folder: Path
    instead: Mapping[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Choose ports, and let `nextloop` be this code."""
        self.port, self.proxy, self.inner = free_port(), free_port(), free_port()
        self.home = self.folder / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        programs = self.folder / "programs"
        programs.mkdir(exist_ok=True)
        command = programs / "nextloop"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m nextloop.cli "$@"\n', "utf-8")
        command.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """The variables of all that runs here."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("NEXTLOOP_")}
        return kept | {
            "HOME": str(self.home),
            "PATH": f"{self.folder / 'programs'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
            "NEXTLOOP_SERVING__PORT": str(self.port),
            "NEXTLOOP_ROLLOUT__FOLDER": str(self.folder / "r"),
            "NEXTLOOP_ROLLOUT__PORT": str(self.proxy),
            "NEXTLOOP_ROLLOUT__INNER_PORT": str(self.inner),
            "NEXTLOOP_ROLLOUT__WATCH_SECONDS": "1",
            **self.settings,
        }

    def follow(self, step: Step) -> str:
        """Do what the step says; return what it printed.

        Raises:
            AssertionError: It ended with a fault.
        """
        text = self._here(step.text)
        if step.language == "python":
            return self._run(step, [sys.executable, "-W", "error", "-c", text])
        if _GOES_ON.match(text):
            self._start(step, text)
            return ""
        return self._run(step, ["bash", "-euc", text])

    def end(self) -> None:
        """Stop what goes on, as Ctrl-C would, and see that it ends well."""
        codes = []
        for process in self.running:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                codes.append(process.wait(60))
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        self.running.clear()
        if (self.folder / "r").exists():
            self._nextloop("rollout", "down")
        # What has nothing to finish simply goes.
        assert set(codes) <= {0, -signal.SIGTERM}, codes

    def bearer(self) -> str:
        """Make a key for all hotels, as a header has it."""
        made = self._nextloop("keys", "add", "reader", "--all-hotels", "--json")
        time.sleep(2)  # a new key counts within a second
        return f"Bearer {json.loads(made)['key']}"

    def other_model(self) -> str:
        """Name a version that is not in production."""
        return "--model 5"

    def first_key(self) -> str:
        """Return the id of a key that is listed."""
        found: str = json.loads(self._nextloop("keys", "list", "--json"))[0]["id"]
        return found

    def example(self) -> None:
        """Have a hotel export its file."""
        (self.folder / "orders-2017-W51.csv").write_text(
            self._nextloop("contract", "show", "--example"), "utf-8"
        )

    def keyed(self) -> None:
        """Give the rollout a key where the API asks for one."""
        if (self.home / ".config/nextloop/api-keys.json").exists():
            self.settings["NEXTLOOP_ROLLOUT__KEY"] = self.bearer().split()[1]

    def deploy(self) -> None:
        """Have a release that answers."""
        self._nextloop("rollout", "deploy", "--lake", "lake")

    def deploy_another(self) -> None:
        """Have one before it too."""
        self._nextloop("rollout", "deploy", "--lake", "lake", "--model", "5")

    def tell(self) -> None:
        """Ask the API, tell it what became of the answer, and bring that into the lake."""
        if not self._answers():
            self._start(_SERVE, _SERVE.text)
        headers = {"Authorization": self.bearer()}
        url = f"http://127.0.0.1:{self.port}/v1"
        with httpx.Client(headers=headers, timeout=10) as client:
            found = client.post(f"{url}/recommendations", json={"hotel_seq": 1, "k": 1}).json()
            event = {"event_id": "told", "request_id": found["request_id"], "hotel_seq": 1}
            event |= {"item_seq": found["offers"][0]["item_seq"], "kind": "shown", "rank": 1}
            event |= {"at": "2026-09-27T12:00:00+09:00"}
            assert client.post(f"{url}/events", json={"events": [event]}).status_code == 202
        self.end()
        self._nextloop("events", "ship", "--landing", "landing")
        self._nextloop("events", "ingest", "--landing", "landing", "--lake", "lake")

    def _nextloop(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "nextloop.cli", *arguments],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    def _here(self, text: str) -> str:
        """Put this world's ports, keys and places where the page has a reader's."""
        text = text.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        for shown, meant in self.instead.items():
            if shown in text:
                text = text.replace(shown, getattr(self, meant)() if meant[0] != "/" else meant)
        return text

    def _run(self, step: Step, command: list[str]) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=_LIMIT_SECONDS,
        )  # fmt: skip
        said = f"{step}\nexit code {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        assert done.returncode == 0, said
        return done.stdout

    def _start(self, step: Step, text: str) -> None:
        """Start what goes on; of servers only one has the port, so the one before ends."""
        if "serve" in text and "--uds" not in text:
            self.end()
        log = self.folder / "went-on.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                ["bash", "-euc", f"exec {text}"], cwd=self.folder, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip
        self.running.append(process)
        limit = time.monotonic() + 60
        while not self._ready(text):
            told = f"{step}\n{log.read_text('utf-8')}"
            assert process.poll() is None, told
            assert time.monotonic() < limit, told
            time.sleep(0.2)

    def _ready(self, text: str) -> bool:
        if "serve" not in text:
            time.sleep(2)  # long enough to refuse what it was told
            return True
        socket = re.search(r"--uds (\S+)", text)
        return Path(socket[1]).is_socket() if socket else self._answers()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False


def copied(world: Path, to: Path) -> Path:
    """Copy a world, so that what one page does is not another page's surprise."""
    shutil.copytree(world, to)
    return to
