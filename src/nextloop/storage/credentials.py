"""A service account's key as a file, for no longer than the job lives.

In: the key as text. Out: the path of a file that only this user can read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nextloop.errors import SystemFault, UsageFault
from nextloop.storage.private_folder import private_folder

_NEEDED: Final = ("client_email", "private_key", "private_key_id", "token_uri")


@contextmanager
def private_key_file(key_json: str) -> Iterator[Path]:
    """Keep a service account's key in a file until the block ends or the process does.

    Args:
        key_json: The key as Google's console gives it.

    Yields:
        The file: mode 0600, in a folder of mode 0700.

    Raises:
        UsageFault: It is no such key; the message does not show it.
        SystemFault: There is nowhere to write it.
    """
    check_key(key_json)
    with private_folder() as folder:
        yield _written(folder / "key.json", key_json)


def check_key(key_json: str) -> None:
    """Refuse what Google's libraries would refuse, some of them by showing it.

    Raises:
        UsageFault: It is no service account's key; the message does not show it.
    """
    found = _parsed(key_json)
    wrong = ""
    if not isinstance(found, dict):
        wrong = "is not a JSON object"
    elif found.get("type") != "service_account":
        wrong = "is not of the type service_account"
    elif missing := [name for name in _NEEDED if not isinstance(found.get(name), str)]:
        wrong = f"lacks {', '.join(missing)}"
    elif not found["private_key"].startswith("-----BEGIN ") or "\n" not in found["private_key"]:
        wrong = "has a private_key that is not in PEM form, with line breaks"
    if wrong:
        raise UsageFault(
            f"The service account's key {wrong}.",
            "Give the whole JSON file as Google's console made it, or, better, no key: run where "
            "a service account is attached.",
        )


def _parsed(text: str) -> object:
    # Apart, so that no error that carries the key becomes another one's cause.
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found


def _written(path: Path, text: str) -> Path:
    try:
        # The folder is new and private, and O_EXCL follows no link.
        new = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(new, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise SystemFault(
            f"The service account's key cannot be written to {path.parent} ({error.strerror}).",
            "Make room there.",
        ) from error
    return path
