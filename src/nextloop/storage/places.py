"""Places that the settings name: folders of this machine, until buckets are supported."""

from __future__ import annotations

from pathlib import Path

from nextloop.errors import UsageFault


def folder_at(place: str | Path) -> Path:
    """Return the absolute folder that a setting names.

    Args:
        place: A path, perhaps with `~`, or an address such as `gs://bucket/path`.

    Raises:
        UsageFault: It is an address: taken for a path, it would make a folder named `gs:`.
    """
    if "://" in str(place):
        raise UsageFault(
            f"{place} is a bucket, and this release reads and writes local folders only.",
            "Give a folder of this machine, such as a mounted bucket.",
        )
    return Path(place).expanduser().absolute()
