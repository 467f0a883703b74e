"""A release that can be made to fail or dawdle as it runs: `faulty.py FILE -m MODULE ARGS...`.

In: what a slot's Python is called with, and a file that says `fail` or `slow`, or is not there.
Out: our real code, with that one thing done to each request for offers.
"""

from __future__ import annotations

# mypy: ignore-errors
# It replaces a method of a real class, which is what types are there to forbid.
import runpy
import sys
import time
from pathlib import Path
from typing import Any

FAULT = Path(sys.argv[1])
_SLOW_SECONDS = 0.2


def install() -> None:
    """Put the fault in front of each request for offers."""
    from nextloop.serving.service import Service

    real = Service.recommend

    def recommend(self: Any, *arguments: Any, **named: Any) -> Any:
        fault = FAULT.read_text().strip() if FAULT.exists() else ""
        if fault == "fail":
            raise RuntimeError
        if fault == "slow":
            time.sleep(_SLOW_SECONDS)
        return real(self, *arguments, **named)

    Service.recommend = recommend


if __name__ == "__main__":
    sys.argv = sys.argv[2:]  # now as a Python sees it: -m MODULE ARGS
    module, sys.argv = sys.argv[1], sys.argv[1:]
    from nextloop.serving import identity

    name = f"{identity.code()}.faulty"
    if module == "nextloop.serving.identity":
        sys.stdout.write(name)
        sys.exit(0)
    identity.code = lambda: name
    install()
    runpy.run_module(module, run_name="__main__", alter_sys=True)
