#!/usr/bin/env python3
"""Makes the MLflow user by whom nextloop signs in: `make-mlflow-client http://host:5000`.

Comes in: the secrets admin_password and client_password. Goes out: the user `nextloop`, who sees
what it made itself and is no admin; exit code 0 if it is there, be it from before.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

_SECONDS = 30
_NAME = "nextloop"


def main(address: str) -> int:
    """Make the user.

    Returns:
        0 if it is there.
    """
    secrets = Path(os.environ.get("MLFLOW_SECRETS", "/run/secrets"))
    admin, own = (
        (secrets / name).read_text("utf-8").strip()
        for name in ("admin_password", "client_password")
    )
    request = urllib.request.Request(  # noqa: S310 the operator's own server
        f"{address}/api/2.0/mlflow/users/create",
        json.dumps({"username": _NAME, "password": own}).encode(),
        {
            "Authorization": "Basic " + base64.b64encode(f"admin:{admin}".encode()).decode(),
            "Content-Type": "application/json",
        },
    )
    try:
        urllib.request.urlopen(request, timeout=_SECONDS).close()  # noqa: S310 the same
    except urllib.error.HTTPError as refused:
        if b"RESOURCE_ALREADY_EXISTS" not in refused.read():
            sys.stderr.write(f"error: {address} refuses: {refused.code} {refused.reason}\n")
            return 4
        sys.stderr.write(f"the user {_NAME} was there\n")
        return 0
    except OSError as fault:
        sys.stderr.write(f"error: {address} does not answer: {fault}\n")
        return 4
    sys.stderr.write(f"made the user {_NAME}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
