"""Registry: a model's files on disk, sealed by a manifest of SHA-256 sums.

Comes in: named bytes. Goes out: a folder that is either whole or not there, and the same bytes
again once every check has passed. No content is interpreted here but the manifest's. The API
loads models through this, so nothing but the standard library is imported.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nextloop.errors import DataFault, SystemFault
from nextloop.registry import manifest
from nextloop.registry.manifest import MANIFEST, MAX_MANIFEST_BYTES, Entry, checksum


def write(files: Mapping[str, bytes], folder: Path, *, durable: bool = True) -> str:
    """Store files as one sealed folder, readable by its owner only.

    Args:
        files: Content by name; see `manifest.SUFFIXES` for what is let in.
        folder: Where; must not exist, its parent must.
        durable: Wait until the disk has it; False for what is only copied from.

    Returns:
        The digest: SHA-256 of the manifest, 64 hex digits. Equal files give an equal digest.

    Raises:
        DataFault: A name, a suffix or the total size is not a model's.
        SystemFault: The folder exists or cannot be written; nothing is left of it then.
    """
    try:
        sealed = manifest.encode(manifest.describe(files))
    except DataFault as fault:
        raise DataFault(f"The model cannot be stored: {fault.message}.", _REBUILD) from None
    new = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
    try:
        new.mkdir(mode=0o700)
        for name, content in {**files, MANIFEST: sealed}.items():
            _write_file(new / name, content)
        if durable:
            sync(new)
        new.rename(folder)
        if durable:
            _sync(folder.parent)
    except OSError as refused:
        shutil.rmtree(new, ignore_errors=True)
        raise SystemFault(
            f"The model folder {folder} cannot be written: {refused.strerror}.",
            "Check the disk's space and who may write there.",
        ) from refused
    return checksum(sealed)


def read(folder: Path, expected_digest: str | None = None) -> dict[str, bytes]:
    """Read a sealed folder, each file once, after checking that it is what was written.

    Args:
        folder: A folder from `write`.
        expected_digest: What `write` returned, from the ledger; None trusts the manifest.

    Returns:
        Content by name, without the manifest.

    Raises:
        DataFault: The folder is missing, holds a link, an extra, missing or changed file or a
            format that is not data, or has another digest.
    """
    with _opened(folder) as handle:
        present = _names(handle)
        _check_regular(handle, present)
        entries = _manifest(handle, present, expected_digest)
        listed = {entry.name for entry in entries} | {MANIFEST}
        if present != listed:
            kind = "an extra" if present - listed else "no"
            raise DataFault(f"it has {kind} file {min(present ^ listed)!r}")
        return {entry.name: _content(handle, entry) for entry in entries}


def entries(folder: Path, expected_digest: str | None = None) -> list[Entry]:
    """List a sealed folder's files as its manifest names them, without reading them.

    Args:
        folder: A folder from `write`.
        expected_digest: As for `read`.

    Returns:
        One entry a file, by name.

    Raises:
        DataFault: The folder or its manifest is missing or wrong.
    """
    with _opened(folder) as handle:
        return _manifest(handle, _names(handle), expected_digest)


_REBUILD: Final = "This is a bug of the model that was trained; no file was written."
_RESTORE: Final = "Do not use this version: restore its folder from a backup, or train again."
_MISSING: Final = "Restore it from a backup, or see which versions exist: nextloop models list"


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """Hold the folder itself, so that no rename swaps it meanwhile; say whose fault it was."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise DataFault(f"There is no model folder {folder}.", _MISSING) from None
    except OSError as refused:
        why = "it is a link or no folder" if _is_link_or_file(folder) else refused.strerror
        raise DataFault(f"The model folder {folder} is refused: {why}.", _RESTORE) from None
    try:
        yield handle
    except DataFault as fault:
        raise DataFault(
            f"The model folder {folder} is refused: {fault.message}.", _RESTORE
        ) from None
    finally:
        os.close(handle)


def _is_link_or_file(folder: Path) -> bool:
    return folder.is_symlink() or not folder.is_dir()


def _names(handle: int) -> set[str]:
    return set(os.listdir(handle))


def _check_regular(handle: int, present: set[str]) -> None:
    """Look at what each name is before any is opened; a folder counts as an extra file later."""
    for name in sorted(present):
        mode = os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            raise DataFault(f"{name!r} is a link")
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise DataFault(f"{name!r} is no regular file")


def _manifest(handle: int, present: set[str], expected_digest: str | None) -> list[Entry]:
    if MANIFEST not in present:
        raise DataFault(f"it has no {MANIFEST}")
    sealed = _read_file(handle, MANIFEST, MAX_MANIFEST_BYTES)
    digest = checksum(sealed)
    if expected_digest is not None and digest != expected_digest:
        raise DataFault(f"its digest is {digest[:12]}..., not {expected_digest[:12]}...")
    return manifest.decode(sealed)


def _content(handle: int, entry: Entry) -> bytes:
    content = _read_file(handle, entry.name, entry.bytes)
    if len(content) != entry.bytes or checksum(content) != entry.sha256:
        raise DataFault(f"{entry.name!r} is not the file that was stored")
    return content


def _read_file(handle: int, name: str, at_most: int) -> bytes:
    """Read a regular file once; what is checked afterwards is what was read, not the disk."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # a planted pipe must not hang us
    try:
        descriptor = os.open(name, flags, dir_fd=handle)
    except OSError as refused:
        raise DataFault(f"{name!r} is a link or cannot be read ({refused.strerror})") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise DataFault(f"{name!r} is no regular file")
        return file.read(at_most + 1)


def _write_file(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def sync(folder: Path) -> None:
    """Wait until the disk has a folder with everything below it.

    Args:
        folder: The folder.
    """
    for path in (*folder.rglob("*"), folder):
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
