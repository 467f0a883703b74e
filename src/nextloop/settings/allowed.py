"""What single values may look like, and which settings file is read.

Comes in: one value. Goes out: the same value, or a ValueError that says what is allowed.
"""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from nextloop.errors import UsageFault

CONFIG_VARIABLE = "NEXTLOOP_CONFIG"
CONFIG_FILE = "nextloop.toml"

_ENGINE = re.compile(
    r"sail|local\[(?:[1-9]\d*|\*)\]|spark://[\w.-]+:\d+(?:,[\w.-]+:\d+)*|sc://[\w.-]+(?::\d+)?(?:/\S*)?"
)
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")


def settings_file() -> Path | None:
    """Find the settings file: the one `NEXTLOOP_CONFIG` names, else nextloop.toml here.

    Returns:
        Its path, or None when there is none.

    Raises:
        UsageFault: When a file is named that is not there.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    path = Path(named or CONFIG_FILE)
    if path.is_file():
        return path
    if named:
        raise UsageFault(
            f"settings file {named} is not there",
            f"Give --config (or {CONFIG_VARIABLE}) a TOML file, or leave it out.",
        )
    return None


def place(value: str) -> str:
    """Accept a folder, file:// or gs://; other stores are refused by name.

    Args:
        value: Path or address.

    Returns:
        The value without spaces around it.

    Raises:
        ValueError: When it is empty or of another store.
    """
    text = value.strip()
    scheme = _SCHEME.match(text)
    if not text or (scheme and scheme.group(1) not in {"file", "gs"}):
        raise ValueError("a folder, file:///folder or gs://bucket/path")
    return text


def engine(value: str) -> str:
    """Accept the engines that the one setting may name.

    Args:
        value: Engine or Spark master address.

    Returns:
        The same.

    Raises:
        ValueError: When it is none of them.
    """
    if not _ENGINE.fullmatch(value):
        raise ValueError("sail, local[N], local[*], spark://host:7077, sc://host:15002")
    return value


def time_zone(value: str) -> str:
    """Accept a zone that the zone database knows.

    Args:
        value: IANA name.

    Returns:
        The same.

    Raises:
        ValueError: When the name is unknown; names the nearest.
    """
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as unknown:
        near = nearest(value, available_timezones())
        raise ValueError(
            f"a zone of the IANA database, such as {near or 'Asia/Seoul'}"
        ) from unknown
    return value


def nearest(word: str, words: set[str] | list[str]) -> str | None:
    """Find the name that was probably meant.

    Args:
        word: What was given.
        words: What exists.

    Returns:
        The closest of them, or None when nothing is close.
    """
    by_folded = {name.casefold(): name for name in sorted(words)}
    close = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.5)
    return by_folded[close[0]] if close else None
