"""A real Chromium for tests that look at pages: what it shows, loads and draws.

In: pages as files or addresses. Out: values of scripts run in them, pictures, and what a picture
holds.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

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


_ASKED = "Network.requestWillBeSent"
_COUNT = """
(async () => {
  const image = new Image();
  image.src = 'data:image/png;base64,PICTURE';
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const drawing = canvas.getContext('2d');
  drawing.drawImage(image, 0, 0);
  const points = new Uint32Array(drawing.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const point of points) counts.set(point, (counts.get(point) || 0) + 1);
  const most = Math.max(...counts.values());
  return {width: image.width, colours: counts.size, drawn: 1 - most / points.length};
})()
"""


@dataclass(frozen=True)
class Look:
    """What a picture holds.

    Attributes:
        width: In points.
        colours: How many different ones.
        drawn: Share of the points that are not of the commonest colour, the ground.
    """

    width: int
    colours: int
    drawn: float

    @property
    def blank(self) -> bool:
        """Whether there is next to nothing on it: text alone has dozens of shades."""
        return self.colours < 20 or self.drawn < 0.01


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

    def open(self, page: Path | str, width: int, height: int = 900, scheme: str = "light") -> None:
        """Open a file or an address on a screen of this size and wait until it is loaded."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])
        url = page if isinstance(page, str) else page.resolve().as_uri()
        self.call("Page.navigate", url=url)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def evaluate(self, script: str) -> Any:
        """Run a script in the page and return its value, or what it promises."""
        result = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def fonts(self, selector: str) -> list[str]:
        """Name the fonts with which the text of the first such element is really drawn."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        fonts = self.call("CSS.getPlatformFontsForNode", nodeId=node)["fonts"]
        return [font["familyName"] for font in fonts]

    def until(self, script: str, seconds: float = 60) -> Any:
        """Wait until a script in the page gives something true; return that."""
        end = time.monotonic() + seconds
        while not (found := self.evaluate(script)):
            assert time.monotonic() < end, f"never: {script}\n{self.text()[:2000]}"
            time.sleep(0.2)
        return found

    def text(self) -> str:
        """Return what the page says."""
        said: str = self.evaluate("document.body ? document.body.innerText : ''")
        return said

    def hosts(self) -> set[str]:
        """Name whom the page has asked since it was opened."""
        asked = (event for event in self.events if event.get("method") == _ASKED)
        urls = (urlsplit(event["params"]["request"]["url"]) for event in asked)
        return {url.netloc for url in urls if url.scheme.startswith(("http", "ws"))}

    def look(self, to: Path) -> Look:
        """Take a picture of what is on the screen, keep it, and tell what is on it."""
        picture = self.call("Page.captureScreenshot")["data"]
        to.write_bytes(base64.b64decode(picture))
        self.call("Page.navigate", url="about:blank")
        return Look(**self.evaluate(_COUNT.replace("PICTURE", picture)))

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


@contextmanager
def opened(profile: Path) -> Iterator[Browser]:
    """Start Chromium; `make` installs it for tests, so a missing one is a failure."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.fail("there is no Chromium: scripts/browser.sh installs one")
    one = Browser(program, profile)
    try:
        yield one
    finally:
        one.close()
