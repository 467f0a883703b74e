"""Where the program begins: Ctrl-C is an answer from the first import on."""

from __future__ import annotations

import os
import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    try:
        from nextloop.cli.app import main as run
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.stderr.flush()
        os._exit(_INTERRUPTED)
    run()
