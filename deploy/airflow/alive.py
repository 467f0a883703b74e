#!/usr/bin/env python3
"""The health check of Airflow's image: `alive-airflow [COMPONENT] [ADDRESS]`.

Comes in: `scheduler`, `dag_processor` or `triggerer`, or nothing for the API server itself, and the
server's address. Goes out: exit code 0 if the server says that the component's heartbeat is fresh.
One question to a process that runs anyway: Airflow's own check starts a Python of its own, seconds
of a core each time.
"""

from __future__ import annotations

import json
import sys
import urllib.request

_SECONDS = 8


def main(component: str = "metadatabase", address: str = "http://127.0.0.1:8080") -> int:
    """Ask once.

    Returns:
        0 if the component is healthy, else 1.
    """
    try:
        with urllib.request.urlopen(f"{address}/api/v2/monitor/health", timeout=_SECONDS) as answer:  # noqa: S310 ours
            status = (json.load(answer).get(component) or {}).get("status")
    except (OSError, ValueError) as fault:
        sys.stderr.write(f"{address}: {fault}\n")
        return 1
    sys.stderr.write(f"{component}: {status}\n")
    return 0 if status == "healthy" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
