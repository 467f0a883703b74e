"""The lake: one folder that holds every table, the models and the marks of who owns it.

In: a path from the settings. Out: a `Lake`, known to be ours and made with this guest key.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nextloop.errors import DataFault, SystemFault, UsageFault
from nextloop.storage.places import folder_at

MARKER: Final = "nextloop-lake.json"
_DRAFT: Final = f".{MARKER}."
FORMAT: Final = 1


@dataclass(frozen=True)
class Lake:
    """A lake that was opened.

    Attributes:
        root: Absolute folder.
        guest_key_fingerprint: Which guest key made its guest keys; not the key.
    """

    root: Path
    guest_key_fingerprint: str

    def folder(self, name: str) -> Path:
        """Return the folder of the table or store with that name."""
        return self.root / name


def is_lake(path: str | Path) -> bool:
    """Tell whether there is a lake at a path."""
    return (Path(path).expanduser() / MARKER).exists()


def create_lake(path: str | Path, fingerprint: str) -> Lake:
    """Open the lake at a path, making it there if the folder is missing or empty.

    Args:
        path: Folder of the lake.
        fingerprint: Of the guest key that this run uses (`nextloop.privacy.fingerprint`).

    Raises:
        UsageFault: The folder holds something else, was made with another guest key, or is none.
        SystemFault: The folder cannot be made or written.
    """
    root = folder_at(path)
    if (root / MARKER).exists():
        return open_lake(root, fingerprint)
    if _holds_else(root):
        raise _not_ours(root)
    try:
        root.mkdir(parents=True, exist_ok=True)
        _write_marker(root, fingerprint)
    except OSError as error:
        raise SystemFault(
            f"The lake {root} cannot be written: {error.strerror}.",
            "Give another folder with --lake, or make this one writable.",
        ) from error
    return Lake(root, fingerprint)


def open_lake(path: str | Path, fingerprint: str | None = None) -> Lake:
    """Open an existing lake.

    Args:
        path: Folder of the lake.
        fingerprint: Of the guest key in use; None when only reading what needs no guest.

    Raises:
        DataFault: There is no lake at the path.
        UsageFault: The folder holds something else, or was made with another guest key.
    """
    root = folder_at(path)
    if not (root / MARKER).exists():
        if _holds_else(root):
            raise _not_ours(root)
        raise DataFault(
            f"There is no lake at {root}.",
            "Give its folder with --lake, or make one: nextloop ingest --landing FOLDER --lake "
            f"{path}",
        )
    made_with = _read_marker(root)
    if fingerprint is not None and fingerprint != made_with:
        raise UsageFault(
            f"The lake {root} was made with another guest key (fingerprint {made_with}, "
            f"this one is {fingerprint}).",
            "Set NEXTLOOP_PRIVACY__GUEST_KEY or NEXTLOOP_PRIVACY__GUEST_KEY_FILE to the key it "
            "was made with, or use a new lake.",
        )
    return Lake(root, made_with)


@contextmanager
def writing(lake: Lake) -> Iterator[None]:
    """Hold the lake for one writing run; the system frees it when the process ends.

    Raises:
        SystemFault: Another run is writing now; names its process.
    """
    with (lake.root / "writing.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise SystemFault(
                f"Another run (process {lock.read().strip() or 'unknown'}) is writing to "
                f"{lake.root}.",
                "Wait for it to end, then run this again: what it published is skipped.",
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _holds_else(root: Path) -> bool:
    """Tell whether something lies there that is not ours; a mark that was not finished is."""
    if not root.is_dir():
        return root.exists()
    return any(not path.name.startswith(_DRAFT) for path in root.iterdir())


def _not_ours(root: Path) -> UsageFault:
    return UsageFault(
        f"{root} is not a NextLoop lake (it has no {MARKER}), so nothing is written there.",
        "Give an empty or new folder with --lake.",
    )


def _write_marker(root: Path, fingerprint: str) -> None:
    new = root / f"{_DRAFT}{os.getpid()}"
    new.write_text(json.dumps({"format": FORMAT, "guest_key_fingerprint": fingerprint}) + "\n")
    new.replace(root / MARKER)


def _read_marker(root: Path) -> str:
    try:
        mark = json.loads((root / MARKER).read_text())
        if mark["format"] != FORMAT:
            raise UsageFault(
                f"The lake {root} has format {mark['format']}; this release reads {FORMAT}.",
                "Use the release that made it, or a new lake.",
            )
        return str(mark["guest_key_fingerprint"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataFault(
            f"The lake's mark {root / MARKER} cannot be read ({type(error).__name__}).",
            "Restore that file from a backup, or use a new lake.",
        ) from error
