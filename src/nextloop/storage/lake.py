"""The lake: one folder or bucket prefix that holds every table and the mark of who owns it.

In: a place from the settings. Out: a `Lake`, known to be ours and made with this guest key.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nextloop import locks
from nextloop.errors import DataFault, SystemFault, UsageFault
from nextloop.storage import files, gcs
from nextloop.storage.places import is_bucket, place_at

MARKER: Final = "nextloop-lake.json"
FORMAT: Final = 2
_PATTERN: Final = re.compile(r"[*?\[\]{}]")
"""What engines take for a pattern of names, in whatever way it is quoted."""
_AS_TABLES: Final = 0o666
"""Whom the umask lets write tables may hold the lake too."""


@dataclass(frozen=True)
class Lake:
    """A lake that was opened.

    Attributes:
        root: Absolute folder, or gs://bucket/prefix.
        guest_key_fingerprint: Which guest key made its guest keys; not the key.
    """

    root: str
    guest_key_fingerprint: str

    def folder(self, name: str) -> str:
        """Return where the table or store of that name lies."""
        return f"{self.root}/{name}"

    def local(self, name: str) -> Path:
        """Return a folder of this machine inside the lake.

        Raises:
            UsageFault: The lake is a bucket.
        """
        if is_bucket(self.root):
            raise UsageFault(
                f"The lake {self.root} is a bucket, and {name} needs a folder of this machine.",
                "For the registry: set NEXTLOOP_MLFLOW__TRACKING_URI to an MLflow server or to "
                "sqlite:////path/mlflow.db.",
            )
        return Path(self.root) / name


def is_lake(place: str | Path) -> bool:
    """Tell whether there is a lake at a place."""
    return files.exists(f"{_root(place)}/{MARKER}")


def create_lake(place: str | Path, fingerprint: str) -> Lake:
    """Open the lake at a place, making it there if the folder is missing or empty.

    Args:
        place: Folder of the lake, or gs://bucket/prefix.
        fingerprint: Of the guest key that this run uses (`nextloop.privacy.fingerprint`).

    Raises:
        UsageFault: The folder holds something else, was made with another guest key, is none,
            or has a name that engines take for a pattern.
        SystemFault: The folder cannot be made or written, or the bucket does not answer.
    """
    root = _root(place)
    if files.exists(f"{root}/{MARKER}"):
        return open_lake(root, fingerprint)
    if _holds_else(root):
        raise _not_ours(root)
    mark = json.dumps({"format": FORMAT, "guest_key_fingerprint": fingerprint}) + "\n"
    try:
        if not is_bucket(root):
            Path(root).mkdir(parents=True, exist_ok=True)
        files.create_new(f"{root}/{MARKER}", mark.encode())
    except OSError as error:
        raise SystemFault(
            f"The lake {root} cannot be written: {error.strerror}.",
            "Give another place with --lake, or make this one writable.",
        ) from error
    # Whoever was first made it: perhaps another run, with another key.
    return open_lake(root, fingerprint)


def open_lake(place: str | Path, fingerprint: str | None = None) -> Lake:
    """Open an existing lake.

    Args:
        place: Folder of the lake, or gs://bucket/prefix.
        fingerprint: Of the guest key in use; None when only reading what needs no guest.

    Raises:
        DataFault: There is no lake at the place.
        UsageFault: The folder holds something else, or was made with another guest key.
        SystemFault: The bucket does not answer.
    """
    root = _root(place)
    if not files.exists(f"{root}/{MARKER}"):
        if _holds_else(root):
            raise _not_ours(root)
        raise DataFault(
            f"There is no lake at {root}.",
            "Give its place with --lake, or make one: nextloop ingest --landing FOLDER --lake "
            f"{place}",
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


def _root(place: str | Path) -> str:
    root = place_at(place)
    if found := _PATTERN.search(root):
        raise UsageFault(
            f"The lake {root} has a {found[0]} in its name, which engines take for a pattern.",
            "Give a place with none of * ? [ ] { } in its name with --lake.",
        )
    return root


@contextmanager
def writing(lake: Lake) -> Iterator[None]:
    """Hold the lake for one writing run; the system frees it when the process ends.

    A bucket cannot be held: there, of two runs the one that commits second fails, see
    docs/decisions/0007.

    Raises:
        SystemFault: Another run is writing now; names its process.
    """
    if is_bucket(lake.root):
        yield
        return

    def busy(process: str) -> SystemFault:
        return SystemFault(
            f"Another run (process {process.strip() or 'unknown'}) is writing to {lake.root}.",
            "Wait for it to end, then run this again: what it published is skipped.",
        )

    with locks.held(lake.local("writing.lock"), busy, mode=_AS_TABLES) as lock:
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _holds_else(root: str) -> bool:
    """Tell whether something lies there that is not ours; a mark that was not finished is."""
    if is_bucket(root):
        return bool(gcs.listed(root, most=1))
    folder = Path(root)
    if not folder.is_dir():
        return folder.exists()
    return any(not path.name.startswith(MARKER) for path in folder.iterdir())


def _not_ours(root: str) -> UsageFault:
    return UsageFault(
        f"{root} is not a NextLoop lake (it has no {MARKER}), so nothing is written there.",
        "Give an empty or new place with --lake.",
    )


def _read_marker(root: str) -> str:
    try:
        mark = json.loads(files.read_bytes(f"{root}/{MARKER}"))
        if mark["format"] != FORMAT:
            raise UsageFault(
                f"The lake {root} has format {mark['format']}; this release reads {FORMAT}.",
                "Use the release that made it, or make a new lake from the landing's files.",
            )
        return str(mark["guest_key_fingerprint"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataFault(
            f"The lake's mark {root}/{MARKER} cannot be read ({type(error).__name__}).",
            "Restore that file from a backup, or use a new lake.",
        ) from error
