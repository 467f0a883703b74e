#!/usr/bin/env python3
"""The health check of the API's image: `alive 8000` or `alive /run/nextloop/blue.sock`.

Comes in: a port of the loopback, an address with a port (10.0.0.5:9113), or the path of a unix
socket. Goes out: exit code 0 if what listens there says that it lives. Needs Python and nothing
else, so that it costs little every few seconds.
"""

from __future__ import annotations

import socket
import sys

_SECONDS = 2.0
_QUESTION = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def main(target: str) -> int:
    """Ask once.

    Returns:
        0 if the answer is 200 or 204, else 1.
    """
    host, _, port = target.rpartition(":")
    family, place = (
        (socket.AF_INET, (host or "127.0.0.1", int(port)))
        if port.isdigit()
        else (socket.AF_UNIX, target)
    )
    with socket.socket(family) as caller:
        caller.settimeout(_SECONDS)
        try:
            caller.connect(place)
            caller.sendall(_QUESTION)
            answer = caller.recv(64)
        except OSError as fault:
            sys.stderr.write(f"{target}: {fault}\n")
            return 1
    return 0 if answer.split()[1:2] in ([b"200"], [b"204"]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
