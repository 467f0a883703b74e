"""One lake with models, made by the commands that README shows; each page gets a copy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from tests.browser import Browser, opened
from tests.documentation import site as sites
from tests.documentation.world import World, copied

_MADE_BY = (
    "simulate --out landing --hotels 2 --weeks 4 --orders 3000",
    "ingest --landing landing --lake lake",
    "features --lake lake",
    "train --lake lake",
    "models promote 2 --reason first --lake lake",
)
Opened = Callable[[Mapping[str, str]], World]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the first world."""
    world = World(tmp_path_factory.mktemp("world"))
    for arguments in _MADE_BY:
        subprocess.run(
            [sys.executable, "-m", "nextloop.cli", "--quiet", *arguments.split()],
            cwd=world.folder, env=world.environment, check=True, capture_output=True,
        )  # fmt: skip
    return world.folder


@pytest.fixture
def empty(short: Path) -> Iterator[Opened]:
    """Give a world with nothing in it."""
    yield from _opened(lambda: short / "w")


@pytest.fixture
def world(filled: Path, short: Path) -> Iterator[Opened]:
    """Give a world with a lake."""
    yield from _opened(lambda: copied(filled, short / "w"))


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder whose path leaves room for sockets in it."""
    return tmp_path_factory.mktemp("d")


def _opened(folder: Callable[[], Path]) -> Iterator[Opened]:
    worlds = []

    def opened(instead: Mapping[str, str]) -> World:
        made = World(folder(), instead)
        worlds.append(made)
        return made

    yield opened
    for each in worlds:
        each.end()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build the site and serve it; give its address."""
    folder = tmp_path_factory.mktemp("site")
    done = sites.build(folder)
    assert done.returncode == 0, done.stderr
    with sites.served(folder) as address:
        yield address


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Start Chromium."""
    with opened(tmp_path_factory.mktemp("chromium")) as one:
        yield one
