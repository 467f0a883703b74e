"""What a command is given: its environment, and the Google key if a connection holds one.

Comes in: this process's environment, Airflow's connections. Goes out: variables without any of
Airflow's, and a key that is nowhere but in memory.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

KEY_FILE: Final = "NEXTLOOP_GCS__SERVICE_ACCOUNT_KEY_FILE"
_OLD_NAMES: Final = "extra__google_cloud_platform__"


@dataclass(frozen=True)
class Surroundings:
    """What a command runs with.

    Attributes:
        variables: Its environment.
        key: A service account's key as JSON, or None: then the machine's own identity counts.
    """

    variables: dict[str, str]
    key: bytes | None = field(default=None, repr=False)


def surroundings(google_connection: str, *, buckets: bool) -> Surroundings:
    """Make a command's surroundings.

    Args:
        google_connection: Id of the connection that may hold a key.
        buckets: Whether the command reads or writes gs://.

    Raises:
        AirflowFailException: The connection is missing or its key is not JSON.
    """
    # Airflow's own variables hold its database's password and connections.
    kept = {name: text for name, text in os.environ.items() if not name.startswith("AIRFLOW")}
    kept |= {"NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
    if not buckets:
        return Surroundings(kept)
    extra = _extra_of(google_connection)
    if path := _named(extra, "key_path"):
        return Surroundings(kept | {KEY_FILE: str(path)})
    return Surroundings(kept, _key(google_connection, _named(extra, "keyfile_dict")))


def _extra_of(connection: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = BaseHook.get_connection(connection).extra_dejson
    except AirflowNotFoundException:
        raise AirflowFailException(
            f"There is no connection {connection}. Add it, empty where the machine's own identity "
            f"counts: airflow connections add {connection} --conn-type google_cloud_platform"
        ) from None
    return found


def _named(extra: Mapping[str, Any], name: str) -> Any:
    return extra.get(name) or extra.get(f"{_OLD_NAMES}{name}")


def _key(connection: str, given: Any) -> bytes | None:
    if not given:
        return None
    try:
        key = json.loads(given) if isinstance(given, str) else dict(given)
    except ValueError:
        # Not from the error: its text would show the key.
        raise AirflowFailException(
            f"keyfile_dict of the connection {connection} is not JSON. Paste the key file's text."
        ) from None
    return json.dumps(key).encode()
