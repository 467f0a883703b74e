"""Whose folder it is: the simulator writes where nothing else lies, and removes only its own.

In come the landing and the truth folder, which remembers each file's sum; out goes a yes, or a
fault that says what stands in the way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from nextloop.errors import UsageFault

FILES_FILE: Final = "files.json"
"""In the truth folder: sum of each order file that was written, by name."""


def prepare(landing: Path, truth: Path, keep: Collection[str], force: bool = False) -> None:
    """Make both folders ready to be written to, and remove files of an earlier world.

    Args:
        landing: Folder for the order files; may hold the simulator's own files only.
        truth: Folder for the truth; new, empty, or written by the simulator before.
        keep: Names that are about to be written; these are replaced, not removed.
        force: Write beside whatever is there; nothing but own files is removed.

    Raises:
        UsageFault: A folder is a file, holds something else, or one lies in the other.
    """
    check_apart(landing, truth)
    for folder in (landing, truth):
        if folder.exists() and not folder.is_dir():
            raise UsageFault(f"{folder} is a file", "Give a folder.")
    own = known_files(truth)
    found = sorted(landing.iterdir()) if landing.exists() else []
    mine = [path for path in found if path.is_file() and own.get(path.name) == digest(path)]
    if not force:
        _refuse_others(landing, [path for path in found if path not in mine])
        _refuse_foreign(truth)
    for path in mine:
        if path.name not in keep:
            path.unlink()


def check_apart(landing: Path, truth: Path) -> None:
    """See that neither folder lies in the other.

    Args:
        landing: Folder for the order files.
        truth: Folder for the truth.

    Raises:
        UsageFault: They are the same, or one lies in the other.
    """
    one, other = landing.resolve(), truth.resolve()
    if one == other or one in other.parents or other in one.parents:
        raise UsageFault(
            f"the truth folder {truth} and the landing {landing} are not apart",
            "Keep the truth out of the landing, else the pipeline could read it.",
        )


def remember(truth: Path, sums: Mapping[str, str]) -> None:
    """Note which order files are the simulator's own.

    Args:
        truth: The truth folder.
        sums: SHA-256 of each file by name.
    """
    draft = truth / f".{FILES_FILE}.part"
    draft.write_text(json.dumps(dict(sums), indent=2) + "\n", encoding="utf-8")
    draft.replace(truth / FILES_FILE)


def known_files(truth: Path) -> dict[str, str]:
    """Recall which order files are the simulator's own.

    Args:
        truth: The truth folder.

    Returns:
        SHA-256 of each file by name; empty when nothing can be recalled.
    """
    try:
        known = json.loads((truth / FILES_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def digest(path: Path) -> str:
    """Sum a file up.

    Args:
        path: The file.

    Returns:
        Its SHA-256 in hexadecimal.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refuse_others(landing: Path, others: list[Path]) -> None:
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise UsageFault(
            f"{landing} holds {others[0].name}{more}, not as this simulator wrote it",
            "Choose a new folder, or write beside what is there with --force.",
        )


def _refuse_foreign(truth: Path) -> None:
    if truth.exists() and any(truth.iterdir()) and not (truth / FILES_FILE).is_file():
        raise UsageFault(
            f"the truth folder {truth} holds something else",
            "Choose a new folder with --truth, or write into this one with --force.",
        )
