"""The landing: the folder into which hotels' order files are put.

In: a path from the settings. Out: its order files with the digest of their bytes.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nextloop.errors import DataFault, SystemFault, UsageFault
from nextloop.storage.places import folder_at

SUFFIXES: Final = (".csv", ".csv.gz")
_HASHING_THREADS: Final = 4


@dataclass(frozen=True)
class LandingFile:
    """One file of the landing.

    Attributes:
        name: Relative to the landing, with `/`; UTF-8.
        path: Where an engine's task opens it.
        size: Bytes.
        sha256: Of its bytes.
    """

    name: str
    path: str
    size: int
    sha256: str


def list_landing(path: str | Path) -> list[LandingFile]:
    """List the order files (.csv, .csv.gz) of a landing and its folders, by name.

    Raises:
        UsageFault: There is no such folder.
        DataFault: It holds no order file.
        SystemFault: A file cannot be read.
    """
    root = folder_at(path)
    if not root.is_dir():
        raise UsageFault(
            f"The landing {root} is not a folder.",
            "Give the folder of the order files with --landing.",
        )
    found = sorted(
        file
        for file in root.rglob("*")
        if file.name.lower().endswith(SUFFIXES)
        and not file.name.startswith(".")
        and (file.is_file() or file.is_symlink())
        and not file.is_dir()
    )
    if not found:
        raise DataFault(
            f"The landing {root} holds no order file ({' or '.join(SUFFIXES)}).",
            f"Put the hotels' weekly files there, or make some: nextloop simulate --out {path}",
        )
    with ThreadPoolExecutor(_HASHING_THREADS) as pool:
        return list(pool.map(lambda file: _describe(root, file), found))


def _describe(root: Path, file: Path) -> LandingFile:
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size = file.stat().st_size
    except OSError as error:
        raise SystemFault(
            f"The landing file {file} cannot be read: {error.strerror}.",
            "Make it readable, or move it out of the landing.",
        ) from error
    # A name in another encoding than UTF-8 is shown by its bytes, which every table can hold.
    name = os.fsencode(file.relative_to(root)).decode("utf-8", "backslashreplace")
    return LandingFile(name, str(file), size, digest)
