"""The demo's folder: everything that a demo makes lies in it, and nothing of anybody else's.

In comes a path, out goes a folder that is marked, locked and ready; an earlier demo's files in it
were removed or kept, files of others never touched.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nextloop import locks
from nextloop.errors import DataFault, SystemFault, UsageFault
from nextloop.simulator import landing as simulated
from nextloop.storage.lake import MARKER

MARK: Final = "nextloop-demo.json"


@dataclass(frozen=True)
class DemoFolder:
    """Where each thing of a demo lies.

    Attributes:
        root: The folder as it was named.
    """

    root: Path

    @property
    def export(self) -> Path:
        """What the hotels' systems have written and not yet delivered."""
        return self.root / "export"

    @property
    def truth(self) -> Path:
        """What the simulator knows and the chain must not."""
        return self.root / "truth"

    @property
    def landing(self) -> Path:
        """Where the weekly files arrive."""
        return self.root / "landing"

    @property
    def lake(self) -> Path:
        """Tables and models."""
        return self.root / "lake"

    @property
    def guest_key(self) -> Path:
        """The secret that names guests: beside the lake, never in it."""
        return self.root / "guest.key"

    @property
    def api_keys(self) -> Path:
        """Callers' keys of this demo, none at first: those of other lakes mean nothing here."""
        return self.root / "api-keys.json"

    @property
    def settings(self) -> Path:
        """Settings with which every command works on this demo."""
        return self.root / "nextloop.toml"

    @property
    def report(self) -> Path:
        """The page to look at."""
        return self.root / "report.html"


@contextmanager
def opened(root: Path, made_with: Mapping[str, Any], *, keep: bool) -> Iterator[DemoFolder]:
    """Make a folder the demo's, for as long as the block runs.

    Args:
        root: New, empty, or an earlier demo's.
        made_with: The numbers of this demo, for its mark.
        keep: Go on with what an earlier demo with the same numbers left; else it is removed.

    Yields:
        The folder, with settings in it.

    Raises:
        UsageFault: It holds something else, or was made with other numbers and is to be kept.
        SystemFault: Another demo runs in it.
    """
    folder = DemoFolder(root)
    _claim(root)
    busy = SystemFault(
        f"Another demo runs in {root}.", "Wait for it to end, or give another folder with --out."
    )
    with locks.held(root / MARK, lambda _: busy) as mark:
        text = mark.read()
        if keep and text.strip():
            _check_same(root, text, made_with)
        else:
            _clear(folder)
        mark.truncate(0)
        mark.write(json.dumps(made_with) + "\n")
        mark.flush()
        folder.settings.write_text(_settings(folder), encoding="utf-8")
        yield folder


def deliver(folder: DemoFolder, name: str) -> None:
    """Let one exported file arrive in the landing, whole; one that is there already stays.

    Args:
        folder: The demo's.
        name: The file's.
    """
    folder.landing.mkdir(exist_ok=True)
    if (folder.landing / name).exists():
        (folder.export / name).unlink()
    else:
        (folder.export / name).replace(folder.landing / name)


def _claim(root: Path) -> None:
    """Mark a new or empty folder; refuse any other that bears no mark."""
    if root.exists() and not root.is_dir():
        raise UsageFault(f"{root} is a file.", "Give a folder with --out.")
    root.mkdir(parents=True, exist_ok=True)
    if (root / MARK).exists():
        return
    if found := sorted(path.name for path in root.iterdir()):
        raise UsageFault(
            f"{root} holds {found[0]}, which no demo made, so nothing is written there.",
            "Give a new or empty folder with --out.",
        )
    (root / MARK).touch()


def _check_same(root: Path, text: str, made_with: Mapping[str, Any]) -> None:
    try:
        before = json.loads(text)
    except ValueError:
        raise DataFault(
            f"The demo's mark {root / MARK} cannot be read.", "Leave out --keep to start afresh."
        ) from None
    if before != dict(made_with):
        said = ", ".join(f"{name} {value}" for name, value in before.items())
        raise UsageFault(
            f"The demo in {root} was made with {said}.",
            "Give the same with --keep, or leave out --keep to start afresh.",
        )


def _clear(folder: DemoFolder) -> None:
    """Remove what an earlier demo left; files of others stop it before anything is removed."""
    _check_landing(folder)
    if folder.lake.exists() and any(folder.lake.iterdir()) and not (folder.lake / MARKER).exists():
        raise _foreign(folder.lake)
    for path in (folder.export, folder.landing, folder.lake, folder.truth):
        shutil.rmtree(path, ignore_errors=not path.exists())
    for path in (folder.guest_key, folder.api_keys, folder.settings, folder.report):
        path.unlink(missing_ok=True)


def _check_landing(folder: DemoFolder) -> None:
    if not folder.landing.exists():
        return
    own = simulated.known_files(folder.truth)
    for path in sorted(folder.landing.iterdir()):
        if not path.is_file() or own.get(path.name) != simulated.digest(path):
            raise _foreign(path)


def _foreign(path: Path) -> UsageFault:
    return UsageFault(
        f"{path} is not as a demo made it, so nothing is removed.",
        "Move it away, or give another folder with --out.",
    )


def _settings(folder: DemoFolder) -> str:
    def place(path: Path) -> str:
        # A JSON text without escapes of its own is a TOML text too.
        return json.dumps(os.path.abspath(path), ensure_ascii=False)  # noqa: PTH100 keeps links

    return (
        "# Settings of this demo: nextloop --config FILE COMMAND works on it from anywhere.\n"
        f"landing = {place(folder.landing)}\n"
        f"lake = {place(folder.lake)}\n\n"
        "[privacy]\n"
        f"guest_key_file = {place(folder.guest_key)}\n\n"
        "[serving]\n"
        f"keys_file = {place(folder.api_keys)}\n"
    )
