"""What other libraries must be told to reach the same buckets as `gcs`, each in its own words.

In: the process's environment, by which Google's own libraries go: STORAGE_EMULATOR_HOST names a
stand-in for tests; GOOGLE_APPLICATION_CREDENTIALS a file of credentials, without which the
machine's own identity counts, and nothing is signed for a stand-in.

Source: https://github.com/GoogleCloudDataproc/hadoop-connectors/blob/master/gcs/CONFIGURATION.md
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

EMULATOR: Final = "STORAGE_EMULATOR_HOST"
KEY_FILE: Final = "GOOGLE_APPLICATION_CREDENTIALS"
RETRY_SECONDS: Final = 60.0
_CONNECTOR: Final = "com.google.cloud.hadoop.fs.gcs"


def delta_options() -> dict[str, str]:
    """Tell delta-rs, as `storage_options`, how to reach the buckets."""
    endpoint, key_file = os.environ.get(EMULATOR), os.environ.get(KEY_FILE)
    # Its own three minutes of silence are more than a person waits without a word.
    patience = {"retry_timeout": f"{RETRY_SECONDS:.0f}s"}
    if endpoint and not key_file:
        return patience | {"google_service_account_key": _unsigned(endpoint)}
    base = patience | ({"google_base_url": endpoint.rstrip("/")} if endpoint else {})
    return base | ({"google_application_credentials": key_file} if key_file else {})


def environment() -> dict[str, str]:
    """Tell an engine, as variables of its process or tasks, how to reach the buckets."""
    found = {name: os.environ[name] for name in (EMULATOR, KEY_FILE) if name in os.environ}
    if key_file := found.get(KEY_FILE):
        # The embedded engine knows a service account's key by another name only.
        if json.loads(Path(key_file).read_text("utf-8")).get("type") == "service_account":
            found["GOOGLE_SERVICE_ACCOUNT"] = key_file
    elif endpoint := found.get(EMULATOR):
        found["GOOGLE_SERVICE_ACCOUNT_KEY"] = _unsigned(endpoint)
    return found


def _unsigned(endpoint: str) -> str:
    """Spell an account without a key, by which Rust's object_store signs nothing."""
    empty = dict.fromkeys(("client_email", "private_key", "private_key_id"), "")
    return json.dumps({"gcs_base_url": endpoint.rstrip("/"), "disable_oauth": True, **empty})


def spark_options(connector: str) -> dict[str, str]:
    """Tell Apache Spark how to reach the buckets.

    Args:
        connector: A Maven coordinate of the Hadoop connector, or the path of its .jar.

    Returns:
        Its configuration; option names are those of the connector 2.2 and, for authentication,
        of 3 and later beside them.
    """
    found = {
        "spark.jars" if connector.endswith(".jar") else "spark.jars.packages": connector,
        "spark.hadoop.fs.gs.impl": f"{_CONNECTOR}.GoogleHadoopFileSystem",
        "spark.hadoop.fs.AbstractFileSystem.gs.impl": f"{_CONNECTOR}.GoogleHadoopFS",
    }
    auth = "spark.hadoop.fs.gs.auth"
    if endpoint := os.environ.get(EMULATOR):
        found["spark.hadoop.fs.gs.storage.root.url"] = f"{endpoint.rstrip('/')}/"
    if key_file := os.environ.get(KEY_FILE):
        return found | {
            f"{auth}.service.account.json.keyfile": key_file,
            f"{auth}.type": "SERVICE_ACCOUNT_JSON_KEYFILE",
        }
    if endpoint:
        return found | {
            f"{auth}.service.account.enable": "false",
            f"{auth}.null.enable": "true",
            f"{auth}.type": "UNAUTHENTICATED",
        }
    return found
