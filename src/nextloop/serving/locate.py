"""Find which model version to serve, once, in a process of its own.

In comes `production`, `staging` or a number, out goes a reference with digest and folder. Reading
the registry needs Arrow and perhaps MLflow; done in a child process, none of it stays in the one
that serves.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from functools import partial
from pathlib import Path

from nextloop import settings as tree
from nextloop.errors import NextLoopError
from nextloop.registry.versions import ModelRef
from nextloop.serving import faults


def locate(lake: str, model: str) -> Callable[[], ModelRef]:
    """Begin to resolve a model version; the caller goes on meanwhile.

    Args:
        lake: The lake whose registry is asked; other settings are read as they are in force.
        model: ``production``, ``staging`` or a version's number.

    Returns:
        A function that waits for the end and gives what is to be loaded. It raises the
        NextLoopError that says why, if there is no such version or the registry cannot be read.
    """
    command = [sys.executable, "-m", "nextloop.serving.locate", lake, model]
    # In a group of its own: Ctrl-C on a terminal is for the server, which says how it ends.
    child = subprocess.Popen(command, stdout=subprocess.PIPE, process_group=0)  # noqa: S603 ours
    return partial(_result, child)


def _result(child: subprocess.Popen[bytes]) -> ModelRef:
    output, _ = child.communicate()
    try:
        found = json.loads(output)
    except ValueError:
        raise faults.of(child.returncode, "the registry could not be read") from None
    if "fault" in found:
        raise faults.of(**found["fault"])
    found["bundle_folder"] = Path(found["bundle_folder"])
    found["created"] = datetime.fromisoformat(found["created"])
    found["as_of"] = date.fromisoformat(found["as_of"])
    return ModelRef(**found)


def main(lake: str, model: str) -> None:
    """Write what was found, or the fault, as JSON.

    Args:
        lake: As for `locate`.
        model: As for `locate`.
    """
    from nextloop.registry import resolve

    try:
        found = asdict(resolve.resolve(model, tree.load({"lake": lake})))
    except NextLoopError as fault:
        found = {
            "fault": {"exit_code": fault.exit_code, "message": fault.message, "hint": fault.hint}
        }
    try:
        sys.stdout.write(json.dumps(found, default=str))
        sys.stdout.flush()
    except BrokenPipeError:  # who asked has ended, and said why; Python would flush again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main(*sys.argv[1:])
