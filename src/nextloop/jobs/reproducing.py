"""The job behind `nextloop models reproduce`: trains a version again from its record.

A version goes in; whether its files came out again, byte for byte, comes out, and what is other if
they did not. The registry is only read: the new files stay in a folder of the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nextloop.errors import DataFault
from nextloop.features.reader import read_arrow
from nextloop.jobs.progress import Progress
from nextloop.recommender.arrow import from_arrow
from nextloop.recommender.dataset import Dataset
from nextloop.recommender.training import train
from nextloop.registry import artifact, manifest
from nextloop.registry.record import Record, changed, recorded
from nextloop.settings import Settings
from nextloop.storage.lake import open_lake
from nextloop.tables import INTERACTIONS, ITEM_FEATURES

_STEPS = 100


@dataclass(frozen=True)
class Reproduction:
    """What came of training a version again.

    Attributes:
        version: The version.
        model: Kind of model.
        equal: Whether every file is the same.
        recorded_digest: Of the version.
        digest: Of what was made now.
        differing_files: Names of files that are other, missing or more.
        changed: What is other in code, locks, libraries or platform, whether or not it mattered.
        folder: The files that were made now.
    """

    version: int
    model: str
    equal: bool
    recorded_digest: str
    digest: str
    differing_files: tuple[str, ...]
    changed: tuple[str, ...]
    folder: Path


def dataset_of(settings: Settings, record: Record) -> Dataset:
    """Read the very rows that a version learned from.

    Args:
        settings: Where the lake is.
        record: The version's.

    Returns:
        The dataset.

    Raises:
        DataFault: The record names no table versions, or they are not there any more.
    """
    lake, as_of = open_lake(settings.lake), record.ref.as_of
    try:
        tables = [
            read_arrow(lake, table, as_of, version=record.tables[table.name])
            for table in (INTERACTIONS, ITEM_FEATURES)
        ]
    except KeyError as missing:
        raise DataFault(
            f"Version {record.ref.version} does not say which version of {missing} it read.",
            "It was made by another release: train again.",
        ) from None
    return from_arrow(*tables)


def reproduce(
    settings: Settings, what: str | int, work: Path, progress: Progress | None = None
) -> Reproduction:
    """Train a version again and compare its files with those that were registered.

    Args:
        settings: Of this process; how to train comes from the version's record alone.
        what: `production`, `staging` or a number.
        work: Folder for the new files; made, and must not hold that version's yet.
        progress: Told what is done, in hundredths.

    Returns:
        What came of it.

    Raises:
        DataFault: There is no such version, its record is not whole, or its tables are gone.
        SystemFault: MLflow or the disk refuses.
    """
    tell = progress or (lambda *_: None)
    record = recorded(settings, what)
    ref = record.ref
    registered = artifact.entries(ref.bundle_folder, ref.digest)
    result = train(
        dataset_of(settings, record),
        record.config,
        lambda step, share: tell(int(share * (_STEPS - 1)), _STEPS, step),
    )
    if ref.model not in result.models:
        raise DataFault(
            f"Training again gave no {ref.model}: {'; '.join(result.notes) or 'it is unknown'}.",
            "See what changed: nextloop models show " + str(ref.version),
        )
    files = result.models[ref.model].bundle.to_files()
    folder = work / f"version-{ref.version}"
    work.mkdir(parents=True, exist_ok=True)
    digest = artifact.write(files, folder)
    tell(_STEPS, _STEPS, "compared")
    before = {entry.name: entry.sha256 for entry in registered}
    after = {name: manifest.checksum(content) for name, content in files.items()}
    return Reproduction(
        version=ref.version,
        model=ref.model,
        equal=digest == ref.digest,
        recorded_digest=ref.digest,
        digest=digest,
        differing_files=tuple(
            sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
        ),
        changed=tuple(changed(record)),
        folder=folder,
    )
