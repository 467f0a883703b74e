"""Start the real API as a process of its own, use it, stop it.

In come the flags of ``nextloop serve``, out goes a handle with its URL. The process is stopped
when the block is left, and goes along if this one dies.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nextloop.errors import NextLoopError, SystemFault
from nextloop.serving import faults

READY_SECONDS = 30.0
# Longer than the server gives its own requests, so that it is not killed while it finishes them.
STOP_SECONDS = 35.0
# A proxy that the environment names is not the way to our own machine.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Running:
    """An API that answers.

    Args:
        url: Where, such as ``http://127.0.0.1:40123``.
        pid: Its process.
        model_version: The version that answers.
        model_digest: SHA-256 over that version's files.
        log: What it writes to standard error; gone when the block is left.
    """

    url: str
    pid: int
    model_version: int
    model_digest: str
    log: Path


@contextmanager
def run_in_background(
    flags: Sequence[str] = (),
    *,
    environment: Mapping[str, str] | None = None,
    ready_seconds: float = READY_SECONDS,
) -> Iterator[Running]:
    """Serve in another process while a block runs.

    Args:
        flags: Of ``nextloop serve``, such as ``["--lake", "lake"]``; the port is a free one unless
            ``--port`` is among them.
        environment: Variables to add to this process's own.
        ready_seconds: How long it may take to be ready.

    Yields:
        Where it answers.

    Raises:
        NextLoopError: It ended before it was ready; says what it said, by its exit code's kind.
        SystemFault: It was not ready in time.
    """
    with tempfile.TemporaryDirectory(prefix="nextloop-serve-") as folder:
        log = Path(folder) / "serve.log"
        process = _start(flags, environment or {}, log)
        try:
            ready = _wait_until_ready(process, log, ready_seconds)
            yield Running(pid=process.pid, log=log, **ready)
        finally:
            _stop(process)


def _start(
    flags: Sequence[str], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    place = [] if "--port" in flags else ["--port", "0"]
    command = [sys.executable, "-m", "nextloop.cli", "serve", "--json", "--until-stdin-closes"]
    with log.open("wb") as errors:
        return subprocess.Popen(  # noqa: S603 - our own command, no shell
            [*command, *place, *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **environment},
        )


def _wait_until_ready(
    process: subprocess.Popen[bytes], log: Path, seconds: float
) -> dict[str, Any]:
    """Read the line that it prints when ready, then ask ``/readyz`` as a load balancer would."""
    deadline = time.monotonic() + seconds
    output = process.stdout
    assert output is not None  # noqa: S101 - a pipe was asked for
    with selectors.DefaultSelector() as waiting:
        waiting.register(output, selectors.EVENT_READ)
        if not waiting.select(timeout=seconds):
            raise _too_slow(log, seconds)
    line = output.readline()
    if not line:
        raise _ended(process, log)
    ready: dict[str, Any] = json.loads(line)
    left = max(1.0, deadline - time.monotonic())
    with _DIRECT.open(f"{ready['url']}/readyz", timeout=left) as answer:
        if json.load(answer)["model_digest"] != ready["model_digest"]:
            raise SystemFault(f"something else answers on {ready['url']}", "Choose another --port.")
    return ready


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to finish, insist if it does not."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _ended(process: subprocess.Popen[bytes], log: Path) -> NextLoopError:
    """Turn what it said before it ended into the same fault here."""
    code = process.wait()
    lines = log.read_text("utf-8", "replace").splitlines()
    said = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    hints = [line.strip().removeprefix("-> ") for line in lines if line.startswith("  -> ")]
    message = said[-1] if said else (lines[-1] if lines else f"exit code {code}")
    return faults.of(code, f"the API did not start: {message}", hints[-1] if hints else "")


def _too_slow(log: Path, seconds: float) -> SystemFault:
    lines = log.read_text("utf-8", "replace").splitlines()
    last = f"; it said last: {lines[-1]}" if lines else ""
    return SystemFault(
        f"the API was not ready after {seconds:g} s{last}",
        "Try `nextloop serve` by itself and look at what it does.",
    )
