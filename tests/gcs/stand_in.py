"""A test's handle on a bucket: the stand-in in a process of its own, or a real bucket.

In: nothing, or `NEXTLOOP_TEST_BUCKET=gs://bucket/prefix` with GOOGLE_APPLICATION_CREDENTIALS, as
tests have a home folder of their own. Out: places for tests, and of the
stand-in its log and its faults.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from tests.gcs.faults import Fault

REAL_BUCKET: Final = "NEXTLOOP_TEST_BUCKET"
EMULATOR: Final = "STORAGE_EMULATOR_HOST"
_REAL: Final = os.environ.get(REAL_BUCKET)  # before each test's environment is cleaned
_PATIENCE: Final = 60.0  # seconds until a call that does not come is given up
_ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Call:
    """One request that the stand-in got."""

    method: str
    target: str
    headers: dict[str, str]
    status: int
    received: int
    sent: int
    fault: str | None


@dataclass(frozen=True)
class StandIn:
    """The stand-in that runs.

    Attributes:
        url: Where it listens.
        pid: Its process.
    """

    url: str
    pid: int

    def bucket(self) -> str:
        """Make a bucket that nobody else uses and return its name."""
        name = f"test-{secrets.token_hex(8)}"
        self._ask("POST", "/storage/v1/b?project=test", {"name": name})
        return name

    def place(self) -> str:
        """Return `gs://bucket` of a new bucket."""
        return f"gs://{self.bucket()}"

    def order(self, fault: Fault) -> None:
        """Let the next calls that match fail."""
        self._ask("POST", "/_stand_in/faults", asdict(fault))

    def wait_for_fault(self, number: int = 1) -> None:
        """Wait until so many calls have met a fault since `clear`."""
        end = time.monotonic() + _PATIENCE
        while self._ask("GET", "/_stand_in/faults") < number:
            assert time.monotonic() < end, "no call met the fault that was ordered"
            time.sleep(0.01)

    def let_go(self) -> None:
        """Let the calls that stall go on."""
        self._ask("POST", "/_stand_in/let_go", {})

    def calls(self) -> list[Call]:
        """Every call since the log was cleared, oldest first."""
        return [Call(**call) for call in self._ask("GET", "/_stand_in/log")]

    def clear(self) -> None:
        """Forget faults and calls, and let callers in without tokens."""
        self._ask("DELETE", "/_stand_in/faults")
        self._ask("DELETE", "/_stand_in/log")
        self.require_tokens(required=False)

    def require_tokens(self, required: bool = True) -> None:
        """Refuse calls that bear no token of the stand-in's token service with 401."""
        self._ask("POST", "/_stand_in/identity", {"required": required})

    def _ask(self, method: str, path: str, content: Any = None) -> Any:
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self.url + path, data, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")


@contextmanager
def started(port: int = 0) -> Iterator[StandIn]:
    """Start the stand-in and stop it; it also ends when this process dies."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.gcs", str(port)],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        if not url:
            raise RuntimeError("The stand-in did not start; its error output says why")
        try:
            yield StandIn(url, process.pid)
        finally:
            process.terminate()


@dataclass(frozen=True)
class Bucket:
    """Where tests keep their objects.

    Attributes:
        stand_in: The stand-in, or nothing on a real bucket.
        real: `gs://bucket/prefix` of a real bucket.
        given: The places that were given, to be emptied.
    """

    stand_in: StandIn | None
    real: str = ""
    given: list[str] = field(default_factory=list)

    def place(self) -> str:
        """Return an empty `gs://...` place that nobody else uses."""
        if self.stand_in:
            return self.stand_in.place()
        self.given.append(f"{self.real.rstrip('/')}/test-{secrets.token_hex(8)}")
        return self.given[-1]

    def empty(self) -> None:
        """Remove from a real bucket what tests put there."""
        if self.given:
            from google.cloud import storage  # a second to import, which no other test needs

            client = storage.Client()
            for place in self.given:
                name, _, prefix = place.removeprefix("gs://").partition("/")
                for blob in client.list_blobs(name, prefix=f"{prefix}/"):
                    blob.delete()
            client.close()


@pytest.fixture(scope="session")
def gcs_server() -> Iterator[StandIn]:
    """Start the stand-in once for all tests."""
    with started() as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(gcs_server: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Give the stand-in without faults and calls, and let this test's clients find it."""
    gcs_server.clear()
    monkeypatch.setenv(EMULATOR, gcs_server.url)
    return gcs_server


@pytest.fixture
def gcs(request: pytest.FixtureRequest) -> Iterator[Bucket]:
    """Give the real bucket that the environment names, or else the stand-in."""
    if real := _REAL:
        bucket = Bucket(None, real)
        yield bucket
        bucket.empty()
    else:
        yield Bucket(request.getfixturevalue("stand_in"))
