"""A slot for `switching.py`: the least that answers as the API does, on a unix socket.

    python benchmarks/switching_slot.py blue /tmp/run/blue.sock

What is compared is what happens in front of it; a model would only make the machine busier.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn

BODY = b'{"offers": []}'


def main(slot: str, path: str) -> None:
    """Serve until told to stop."""
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(BODY)).encode()),
        (b"x-nextloop-slot", slot.encode()),
    ]

    async def answer(_scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": BODY})

    # As `nextloop serve` runs it.
    uvicorn.run(
        answer, uds=path, lifespan="off", log_level="warning", access_log=False,
        server_header=False, timeout_keep_alive=75,
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
