"""Run the stand-in as a program: `python -m tests.gcs [PORT]` prints its address and serves.

It ends when its standard input does, so that it never outlives who started it, unless it is
asked to go on with `--stay`.
"""

from __future__ import annotations

import argparse
import sys
import threading

from tests.gcs.server import Server


def main() -> None:
    """Serve until the standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m tests.gcs", description=__doc__)
    parser.add_argument("port", type=int, nargs="?", default=0, help="0: a free one")
    parser.add_argument("--stay", action="store_true", help="do not end with the standard input")
    chosen = parser.parse_args()
    server = Server(chosen.port)
    print(server.url, flush=True)  # noqa: T201 - this is what the program is asked for
    if chosen.stay:
        server.serve_forever()
        return
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    server.shutdown()


main()
