"""How much memory a command needs, whatever the process that starts it needs itself."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

# A small process between: until it runs its own program, a child counts its parent's memory.
_BETWEEN = """
import pathlib, resource, subprocess, sys
done = subprocess.run(sys.argv[2:])
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
pathlib.Path(sys.argv[1]).write_text(str(most))
sys.exit(done.returncode)
"""


def run(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> tuple[int, str, int]:
    """Run a command; return its code, what it said, and the most MiB it had."""
    with tempfile.NamedTemporaryFile("r") as most:
        done = subprocess.run(
            [sys.executable, "-c", _BETWEEN, most.name, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            cwd=Path(__file__).parents[1],
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, int(Path(most.name).read_text()) // 1024
