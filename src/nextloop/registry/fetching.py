"""Registry: copies a model's files from an MLflow server to this machine, once per digest.

Comes in: a place and the digest that it must have. Goes out: a sealed folder, as `artifact.read`
wants it. The manifest is asked for first; nothing else is, unless its sum is the digest and the
server has exactly the files that it lists, each of its size.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nextloop.errors import DataFault, SystemFault
from nextloop.registry import artifact, manifest
from nextloop.registry.manifest import MANIFEST, Entry
from nextloop.registry.store import Store, quietly

if TYPE_CHECKING:
    from mlflow.store.artifact.artifact_repo import ArtifactRepository

    from nextloop.registry.versions import ModelRef

# What the server itself keeps, or a bucket: a tag in MLflow must not send us anywhere else.
_ADDRESS: Final = re.compile(r"(mlflow-artifacts:/|gs://)(?!/)(?!.*\.\.)[^?#%]+")
_RESTORE: Final = "Do not use this version: restore its files from a backup, or train again."


def is_address(place: str) -> bool:
    """Tell whether a place is one of a server, such as mlflow-artifacts:/1/models/m-1."""
    return _ADDRESS.fullmatch(place) is not None


def cached(cache: Path, digest: str) -> Path:
    """Name the folder of this machine in which the files with that digest lie, or will.

    Args:
        cache: Folder of copies of a server's model files.
        digest: Of the manifest.

    Returns:
        The folder.

    Raises:
        DataFault: It is no digest.
    """
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise DataFault(f"{digest[:80]!r} is no model's digest.", _RESTORE)
    return cache / digest


def ensure(store: Store, ref: ModelRef) -> None:
    """Have a version's files on this machine.

    Args:
        store: Where.
        ref: The version.

    Raises:
        DataFault: The server's files are not what was registered.
        SystemFault: The server or the disk refuses.
    """
    if is_address(ref.place) and not ref.bundle_folder.exists():
        fetch(store, ref.place, ref.digest)


def fetch(store: Store, place: str, digest: str) -> Path:
    """Copy files from a server.

    Args:
        store: Where.
        place: Address of the bundle.
        digest: That it must have.

    Returns:
        The folder that has them now.

    Raises:
        DataFault: The server's files are not what was registered.
        SystemFault: The server or the disk refuses.
    """
    folder = cached(store.cache, digest)
    with quietly(store), tempfile.TemporaryDirectory(prefix="nextloop-fetched-") as scratch:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        repository = get_artifact_repository(place, tracking_uri=store.uri)
        try:
            files = _checked(repository, Path(scratch), digest)
        except DataFault as fault:
            raise DataFault(
                f"The model at {place} is refused: {fault.message}.", _RESTORE
            ) from None
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        artifact.write(files, folder)
    except (OSError, SystemFault) as refused:
        if not folder.exists():  # else another process was as quick: equal digests, equal files
            raise SystemFault(
                f"The model cannot be kept in {folder}: {refused}",
                "Check the disk's space, or set NEXTLOOP_MLFLOW__MODEL_CACHE to another folder.",
            ) from None
    return folder


def _checked(repository: ArtifactRepository, scratch: Path, digest: str) -> dict[str, bytes]:
    there: dict[str, Any] = {each.path: each for each in repository.list_artifacts()}
    if MANIFEST not in there:
        raise DataFault(f"it has no {MANIFEST}")
    if (there[MANIFEST].file_size or 0) > manifest.MAX_MANIFEST_BYTES:
        raise DataFault(f"its {MANIFEST} is too large")
    sealed = _download(repository, MANIFEST, scratch)
    found = manifest.checksum(sealed)
    if found != digest:
        raise DataFault(f"its digest is {found[:12]}..., not {digest[:12]}...")
    entries = manifest.decode(sealed)
    _check_listed(there, entries)
    files = {entry.name: _download(repository, entry.name, scratch) for entry in entries}
    for entry in entries:
        if manifest.checksum(files[entry.name]) != entry.sha256:
            raise DataFault(f"{entry.name!r} is not the file that was stored")
    return files


def _check_listed(there: dict[str, Any], entries: list[Entry]) -> None:
    listed = {entry.name for entry in entries} | {MANIFEST}
    if there.keys() != listed:
        kind = "an extra" if there.keys() - listed else "no"
        raise DataFault(f"it has {kind} file {min(there.keys() ^ listed)!r}")
    for entry in entries:
        if there[entry.name].is_dir or there[entry.name].file_size != entry.bytes:
            raise DataFault(f"{entry.name!r} is not the file that was stored")


def _download(repository: ArtifactRepository, name: str, scratch: Path) -> bytes:
    found: str = repository.download_artifacts(name, str(scratch))  # type: ignore[no-untyped-call]
    return Path(found).read_bytes()
