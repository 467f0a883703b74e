"""A small demo that has run to its end, and a real browser to open its page with."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SMALL = ("--hotels", "2", "--weeks", "4", "--orders", "3000")


@dataclass(frozen=True)
class Surroundings:
    """Where a demo runs: a folder and a home of its own, and nobody's settings."""

    folder: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its processes."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("NEXTLOOP_")}
        return kept | {"HOME": str(self.home), "PYTHONUTF8": "1"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `nextloop demo` as the leader of a group of processes."""
        return subprocess.Popen(
            [sys.executable, "-m", "nextloop.cli", "demo", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )


@dataclass(frozen=True)
class Finished:
    """A demo that has ended: what it said, and where it ran."""

    surroundings: Surroundings
    code: int
    said: str
    told: str
    group: int

    @property
    def demo(self) -> Path:
        """Its folder."""
        return self.surroundings.folder / "demo"


def run(surroundings: Surroundings, *arguments: str) -> Finished:
    """Run a demo to its end."""
    process = surroundings.start(*arguments)
    try:
        said, told = process.communicate(timeout=110)
    finally:
        process.kill()
    return Finished(surroundings, process.returncode, said, told, process.pid)


@pytest.fixture(scope="session")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Surroundings:
    """Give a place for demos."""
    return Surroundings(tmp_path_factory.mktemp("place"), tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def finished(surroundings: Surroundings) -> Finished:
    """Run a small demo through the real command line."""
    return run(surroundings, *SMALL)


@pytest.fixture(scope="session")
def finished_again(finished: Finished) -> Finished:
    """Run it a second time on what the first left; it reports as JSON."""
    return run(finished.surroundings, *SMALL, "--keep", "--json")


# Nothing of these asks the network, and none of it needs a screen or an account.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


class Browser:
    """One page of a real Chromium, driven by its debugging protocol over a pair of pipes.

    Source: https://chromedevtools.github.io/devtools-protocol/, messages end with a zero byte.
    """

    def __init__(self, program: str, profile: Path) -> None:
        to_read, self._out = os.pipe()
        self._in, to_write = os.pipe()
        # The protocol speaks on 3 and 4: the pipes' ends first get numbers that these do not hit.
        high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (to_read, to_write)]
        quiet = [os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)] * 3
        places = enumerate([*quiet, *high])
        self._process = os.posix_spawn(
            program,
            [program, *FLAGS, f"--user-data-dir={profile}"],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, end, place) for place, end in places],
        )
        for end in (to_read, to_write, quiet[0], *high):
            os.close(end)
        self._rest, self._number, self._session = b"", 0, ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "DOM", "CSS", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Any:
        """Send a command and wait for its answer; keep what happens meanwhile."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def open(self, page: Path, width: int, height: int = 900, scheme: str = "light") -> None:
        """Open a file on a screen of this size and wait until it is loaded."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])
        self.call("Page.navigate", url=page.resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def evaluate(self, script: str) -> Any:
        """Run a script in the page and return its value."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def fonts(self, selector: str) -> list[str]:
        """Name the fonts with which the text of the first such element is really drawn."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        fonts = self.call("CSS.getPlatformFontsForNode", nodeId=node)["fonts"]
        return [font["familyName"] for font in fonts]

    def screenshot(self, to: Path) -> None:
        """Take a picture of the whole page."""
        picture = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        to.write_bytes(base64.b64decode(picture["data"]))

    def close(self) -> None:
        """End the browser."""
        self._session = ""
        self.call("Browser.close")
        os.close(self._out)
        os.close(self._in)
        os.waitpid(self._process, 0)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._in, 1 << 20)
            assert more, "the browser went away"
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(line)
        return found


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Start Chromium; `make test` installs it, so a missing one is a failure on CI."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    missing = "there is no Chromium: scripts/browser.sh installs one"
    if program is None and os.environ.get("CI"):
        pytest.fail(missing)
    if program is None:
        pytest.skip(missing)
    one = Browser(program, tmp_path_factory.mktemp("chromium"))
    yield one
    one.close()
