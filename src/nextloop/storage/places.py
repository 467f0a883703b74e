"""Places that the settings name: a folder of this machine, or a prefix of a bucket.

In: a setting. Out: a text that every library takes: an absolute path, or `gs://bucket/prefix`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from nextloop.errors import UsageFault

_BUCKET: Final = re.compile(r"gs://([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])((?:/[^/]+)*)/*")
_FILE: Final = "file://"
_ONE_SLASH: Final = re.compile(r"(?:gs|file):/?[^/]")


def place_at(place: str | Path) -> str:
    """Return the place that a setting names, spelled in one way.

    Args:
        place: A path, perhaps with `~`, `file:///path`, or `gs://bucket/prefix`.

    Returns:
        An absolute path or `gs://bucket/prefix`, without a slash at its end.

    Raises:
        UsageFault: It is an address of something else, or no bucket can have that name.
    """
    text = str(place)
    if _ONE_SLASH.match(text):
        scheme, _, rest = text.partition(":")
        start = "gs://" if scheme == "gs" else "file:///"
        raise UsageFault(
            f"{text} is neither a folder nor a bucket's address.",
            f"Did you mean {start}{rest.lstrip('/')}?",
        )
    if text.startswith(_FILE):
        text = text.removeprefix(_FILE)
    if "://" not in text:
        return str(Path(text).expanduser().absolute())
    bucket = _BUCKET.fullmatch(text)
    if bucket is None:
        raise UsageFault(
            f"{text} is neither a folder nor a bucket's address.",
            "Give a folder, or gs://bucket/prefix with a bucket's name in lower case.",
        )
    return f"gs://{bucket[1]}{bucket[2]}"


def is_bucket(place: str) -> bool:
    """Tell whether a place lies in a bucket."""
    return place.startswith("gs://")
