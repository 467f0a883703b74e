"""Google Cloud Storage: the only place that knows its client, credentials and errors.

In: `gs://bucket/prefix` texts. Out: files. Credentials are Application Default Credentials
throughout: workload identity, an attached service account, `gcloud auth application-default
login`, or the key file that `signing_in` keeps for the life of a job. Where STORAGE_EMULATOR_HOST
is set, everything goes there instead.

Source: https://cloud.google.com/storage/docs/request-preconditions
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from nextloop.errors import SystemFault, UsageFault
from nextloop.storage.gcs_options import EMULATOR, KEY_FILE, RETRY_SECONDS

if TYPE_CHECKING:
    from google.cloud.storage import Blob, Bucket

_SCOPE: Final = "https://www.googleapis.com/auth/devstorage.read_write"
_TIMEOUT: Final = (5.0, 60.0)  # seconds to connect, to the next byte
_SIGN_IN: Final = (
    "Run where a service account is attached, or: gcloud auth application-default login. Its role "
    "must be Storage Object User on the bucket."
)


def listed(place: str, most: int | None = None) -> list[tuple[str, str, int, str, float]]:
    """List a prefix's objects, by name: path, name below it, bytes, generation, time of writing.

    Args:
        place: A bucket's prefix.
        most: How many at most; all if None.

    Raises:
        UsageFault: There is no such bucket.
        SystemFault: It does not answer, or refuses.
    """
    bucket, prefix = _split(place)
    start = f"{prefix}/" if prefix else ""
    try:
        with _told(place):
            found = list(
                bucket.client.list_blobs(
                    bucket, max_results=most, prefix=start, timeout=_TIMEOUT, retry=_retry()
                )
            )
    except FileNotFoundError as error:
        raise UsageFault(
            f"There is no bucket {bucket.name}, or this account may not see it.",
            "Check its name, and that the account's role lets it list the bucket.",
        ) from error
    return [
        (
            f"gs://{bucket.name}/{blob.name}",
            blob.name[len(start) :],
            blob.size,
            _mark(blob),
            blob.time_created.timestamp() if blob.time_created else 0.0,
        )
        for blob in found
        if not blob.name.endswith("/")  # what consoles make for an empty folder
    ]


def exists(path: str) -> bool:
    """Tell whether there is an object."""
    with _told(path):
        return bool(_blob(path).exists(timeout=_TIMEOUT, retry=_retry()))


def read_bytes(path: str) -> bytes:
    """Read a small object whole.

    Raises:
        FileNotFoundError: There is none.
        SystemFault: The bucket does not answer, or refuses.
    """
    with _told(path):
        return cast("bytes", _blob(path).download_as_bytes(timeout=_TIMEOUT, retry=_retry()))


@contextmanager
def open_input(path: str) -> Iterator[BinaryIO]:
    """Open an object by a copy in a temporary file that has no name any more."""
    with tempfile.TemporaryFile() as copy, _told(path):
        _blob(path).download_to_file(copy, timeout=_TIMEOUT, retry=_retry())
        copy.seek(0)
        yield cast("BinaryIO", copy)


@contextmanager
def open_output(path: str) -> Iterator[BinaryIO]:
    """Write an object by a temporary file: it is sent when the block has ended well."""
    with tempfile.TemporaryFile() as draft:
        yield cast("BinaryIO", draft)
        with _told(path):
            draft.seek(0)
            _blob(path).upload_from_file(draft, timeout=_TIMEOUT, retry=_retry())


@contextmanager
def local_copy(path: str, mark: str) -> Iterator[Path | None]:
    """Copy an object, as it was listed, into a temporary file of the same suffixes.

    Yields:
        The copy; None if that generation of the object is gone.

    Raises:
        SystemFault: The bucket does not answer, or refuses.
    """
    from google.api_core.exceptions import PreconditionFailed

    with tempfile.TemporaryDirectory(prefix="nextloop-") as folder:
        copy = Path(folder) / f"copy{''.join(Path(path).suffixes[-2:])}"
        try:
            with _told(path):
                _blob(path).download_to_filename(
                    str(copy), if_generation_match=int(mark), timeout=_TIMEOUT, retry=_retry()
                )
        except (PreconditionFailed, FileNotFoundError):
            yield None
            return
        yield copy


def create_new(path: str, data: bytes) -> bool:
    """Write a small object unless there is one; tell whether it was written.

    Where the answer to a write was lost, a second try finds the object there and tells False.
    """
    from google.api_core.exceptions import PreconditionFailed

    with _told(path):
        try:
            _blob(path).upload_from_string(
                data, if_generation_match=0, timeout=_TIMEOUT, retry=_retry()
            )
        except PreconditionFailed:
            return False
    return True


def remove_tree(place: str) -> None:
    """Remove all objects below a prefix."""
    for path, *_ in listed(place):
        # Gone already: a retry whose first try was done.
        with suppress(FileNotFoundError), _told(path):
            _blob(path).delete(timeout=_TIMEOUT, retry=_retry())


def _mark(blob: Blob) -> str:
    return str(blob.generation)


def _split(place: str) -> tuple[Bucket, str]:
    name, _, path = place.removeprefix("gs://").partition("/")
    surroundings = (os.getpid(), os.environ.get(EMULATOR), os.environ.get(KEY_FILE))
    return _client(*surroundings).bucket(name), path


def _blob(path: str) -> Blob:
    bucket, name = _split(path)
    return bucket.blob(name)


@cache
def _client(_process: int, emulator: str | None, key_file: str | None) -> Any:
    """Make the client, one a process: connections must not be shared with a fork."""
    import google.auth
    from google.cloud import storage

    with _told("gs://"):
        if emulator and not key_file:
            return storage.Client(project=None)  # which signs nothing then
        credentials, _ = google.auth.default(scopes=[_SCOPE])
        return storage.Client(project=None, credentials=credentials)


def _retry() -> Any:
    # All our writes are repeatable: a run's files have names of their own, the rest is conditional.
    from google.cloud.storage.retry import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(RETRY_SECONDS)


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Turn the client's errors into one line."""
    from google.api_core.exceptions import (
        Forbidden,
        GoogleAPIError,
        NotFound,
        PreconditionFailed,
        Unauthorized,
    )
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
    from requests.exceptions import RequestException

    try:
        yield
    except PreconditionFailed:
        raise  # whoever asked for it knows what it means
    except NotFound as error:
        raise FileNotFoundError(2, "There is no such bucket or object", place) from error
    except (Forbidden, Unauthorized) as error:
        raise SystemFault(f"{place} refuses this account ({error.code}).", _SIGN_IN) from error
    except DefaultCredentialsError as error:
        raise SystemFault("There are no Google Cloud credentials here.", _SIGN_IN) from error
    except GoogleAuthError as error:
        raise SystemFault(f"Google Cloud refused the credentials for {place}.", _SIGN_IN) from error
    except (GoogleAPIError, RequestException) as error:
        raise SystemFault(
            f"{place} did not answer ({type(error).__name__}).",
            "Check the network and the bucket's name, then run it again.",
        ) from error
