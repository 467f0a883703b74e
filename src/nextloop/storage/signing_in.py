"""Signing in to buckets with a service account's key: the last resort, where no identity is given.

In: the settings' key, as a text, a file, or standard input. Out: Application Default Credentials
of this process and of what it starts, for as long as the job lives.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nextloop.errors import UsageFault
from nextloop.settings import GcsSettings
from nextloop.storage.credentials import check_key, private_key_file
from nextloop.storage.gcs_options import KEY_FILE

_KEY_VARIABLE: Final = "NEXTLOOP_GCS__SERVICE_ACCOUNT_KEY"


@contextmanager
def signed_in(settings: GcsSettings) -> Iterator[None]:
    """Use the settings' key until the block ends.

    Args:
        settings: That name a key.

    Raises:
        UsageFault: The key is none, its file cannot be read, or two keys are named.
    """
    # What this process starts inherits the environment: the key does not stay in it.
    os.environ.pop(_KEY_VARIABLE, None)
    if settings.service_account_key is not None and settings.service_account_key_file is not None:
        raise UsageFault(
            "Both gcs.service_account_key and gcs.service_account_key_file are set.", "Set one."
        )
    path = settings.service_account_key_file
    if path is not None and str(path) != "-":
        check_key(_read(path))
        os.environ[KEY_FILE] = str(path.absolute())
        yield
        return
    given = settings.service_account_key
    key = given.get_secret_value() if given is not None else sys.stdin.read()
    with private_key_file(key) as made:
        os.environ[KEY_FILE] = str(made)
        try:
            yield
        finally:
            os.environ.pop(KEY_FILE, None)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageFault(
            f"The service account's key file {path} cannot be read ({why}).",
            "Check NEXTLOOP_GCS__SERVICE_ACCOUNT_KEY_FILE.",
        ) from None
