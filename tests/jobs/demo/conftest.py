"""A small demo that has run to its end, and a real browser to open its page with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.browser import Browser, opened

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


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Start Chromium."""
    with opened(tmp_path_factory.mktemp("chromium")) as one:
        yield one
