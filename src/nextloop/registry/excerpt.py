"""Registry: what a version is served by, on this machine, for a slot that has no network.

Comes in: a version of a lake in a bucket. Goes out: a folder that is a lake with the mark and the
ledger of the bucket's and none of its orders, and the version's files in the cache of models.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nextloop.errors import DataFault, NextLoopError, SystemFault, UsageFault
from nextloop.registry import fetching, ledger, resolve, states
from nextloop.registry.store import Store, locate
from nextloop.settings import Settings
from nextloop.storage.lake import create_lake, open_lake

_SOURCE: Final = "excerpt-of"


def bring(settings: Settings, version: int, digest: str, folder: Path) -> None:
    """Have a version's excerpt in a folder; one that is there already asks nobody.

    So a slot comes back after a reboot whether or not the bucket answers: what a version is never
    changes. The slot itself proves the files' digests when it loads them.

    Args:
        settings: Name the lake and the cache.
        version: To be served.
        digest: Of its files.
        folder: Of the excerpt; replaced as a whole.

    Raises:
        DataFault: The ledger has no such version, or the server has other files than registered.
        UsageFault: The files lie where only this machine's processes can see them.
        SystemFault: Bucket, MLflow server or disk refuses.
    """
    draft = folder.with_name(f"{folder.name}.new")
    if _holds(settings, version, digest, folder):
        return
    if not _holds(settings, version, digest, draft):  # else killed when all was written
        _write(settings, version, draft)
    with _told(folder):
        shutil.rmtree(folder, ignore_errors=True)
        draft.replace(folder)


def _holds(settings: Settings, version: int, digest: str, folder: Path) -> bool:
    """Tell whether all of it is there; what cannot be read is made anew."""
    try:
        if (folder / _SOURCE).read_text("utf-8") != settings.lake:
            return False
        known = states.latest(ledger.read(open_lake(folder)).entries).get(version)
    except (OSError, NextLoopError):
        return False
    cache = settings.mlflow.model_cache.absolute()
    is_known = known is not None and known.digest == digest
    return is_known and fetching.cached(cache, digest).exists()


def _write(settings: Settings, version: int, draft: Path) -> None:
    store = locate(settings)
    read = ledger.read(store.lake)
    _fetch(store, read, version)
    with _told(draft):
        shutil.rmtree(draft, ignore_errors=True)
        ledger.copy(read, create_lake(draft, store.lake.guest_key_fingerprint))
        (draft / _SOURCE).write_text(settings.lake, "utf-8")  # the last: what has it is whole


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as refused:
        raise SystemFault(
            f"{folder} cannot be written: {refused.strerror or refused}",
            "Check the disk's space and who may write there.",
        ) from refused


def _fetch(store: Store, read: ledger.Ledger, version: int) -> None:
    entry = states.latest(read.entries).get(version)
    if entry is None:
        raise DataFault(
            f"Version {version} is not in the ledger of {store.lake.root}, which is all that a "
            "slot in a container can ask.",
            "Release one that was staged or promoted; nextloop models list shows them.",
        )
    if not fetching.is_address(entry.place):
        raise UsageFault(
            f"The files of version {version} lie in {entry.place} of one machine, where a slot in "
            "a container cannot see them.",
            "Let an MLflow server keep the models: NEXTLOOP_MLFLOW__TRACKING_URI=http://...",
        )
    fetching.ensure(store, resolve.ref_of(store, entry))
