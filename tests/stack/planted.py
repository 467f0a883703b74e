"""Looks for secrets in files, in what is packed in them too."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path

import pyarrow.parquet as pq


def found_in_files(folder: Path, kept: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """Tell which files hold a secret that is not theirs.

    Args:
        folder: All of it is read.
        kept: Secrets, with the paths in the folder where they belong.

    Returns:
        Paths by the first letters of the secret.
    """
    found: dict[str, set[str]] = {}
    for file in folder.rglob("*"):
        if file.is_symlink() or not file.is_file():
            continue
        text = _read(file)
        place = str(file.relative_to(folder))
        for secret, places in kept.items():
            if secret.encode() in text and place not in places:
                found.setdefault(secret[:4], set()).add(place)
    return found


def _read(file: Path) -> bytes:
    try:
        raw = file.read_bytes()
    except FileNotFoundError:  # it was a passing one
        return b""
    if file.suffix == ".parquet":
        return str(pq.read_table(file).to_pydict()).encode() + raw
    if file.suffix == ".gz":
        try:
            return gzip.decompress(raw)
        except (OSError, EOFError, zlib.error):
            return raw
    return raw
