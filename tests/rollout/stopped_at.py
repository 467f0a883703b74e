"""Runs a command of a rollout until a named point: `stopped_at.py POINT ACTION ARGS...`.

In: a point of `POINTS`, `kill` (this process dies as by `kill -9`) or `wait` (until a line comes
on standard input). Out: what the command does; on waiting, a line on standard output.
"""

from __future__ import annotations

import sys
from pathlib import Path

_DEPLOY, _GOLDEN, _HISTORY = (
    f"nextloop.rollout.{name}" for name in ("deploy", "golden", "history")
)
_WATCH, _RUNNER = "nextloop.rollout.watch", "nextloop.rollout.plain:ProcessRunner"

# point: after the how manieth call of which function, as which module or class knows it
ANY: dict[str, tuple[str, str, int]] = {
    "folders_made": ("nextloop.rollout.places", "prepare", 1),
    "resolved": (_DEPLOY, "plan", 1),
    "looked": (_DEPLOY, "look", 1),
    "questions_gathered": (_GOLDEN, "cases", 1),
    "nginx_ensured": ("nextloop.rollout.proxy:Proxy", "ensure", 1),
}
WARM: dict[str, tuple[str, str, int]] = {
    "golden_passed": (_GOLDEN, "check", 1),
    "link_drafted": ("pathlib:Path", "symlink_to", 1),
    "link_renamed": ("pathlib:Path", "replace", 1),
    "switched": ("nextloop.rollout.link", "point", 1),
    "switch_noted": (_HISTORY, "append", 1),
    "proven": (_WATCH, "prove", 1),
    "watching": (_WATCH, "_answers", 3),
    "watched": (_WATCH, "watch", 1),
    "recorded": (_GOLDEN, "record", 1),
    "deploy_noted": (_HISTORY, "append", 2),
}
# With nothing kept warm.
COLD: dict[str, tuple[str, str, int]] = {
    "old_drained": ("nextloop.rollout.retiring", "drain", 1),
    "old_stopped": (_RUNNER, "stop", 1),
    "deploying_noted": (_HISTORY, "append", 1),
    "record_written": ("nextloop.rollout.release", "write", 1),
    "slot_started": (_RUNNER, "start", 1),
    "ready_once": ("nextloop.rollout.starting", "expected", 1),
    "became_ready": ("nextloop.rollout.starting", "await_ready", 1),
}
POINTS = ANY | WARM | COLD


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.jobs.stopped_at import arm

    arm(POINTS[sys.argv[1]], sys.argv[2])
    from nextloop.cli import app

    sys.argv[1:] = sys.argv[3:]
    app.main()
