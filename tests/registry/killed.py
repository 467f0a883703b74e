"""Promotions that die at each step, one after the other on one registry; run by test_killed.

Forked before anything of Delta's or MLflow's has started a thread, so that MLflow is imported once.
In: settings' flags as JSON. Out: for each step, as JSON, what it was and the version that was
wanted. A step that was not reached fails the script.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
import sys

import mlflow.store.tracking.sqlalchemy_store  # noqa: F401 imported once for all
from tests.jobs.stopped_at import arm

from nextloop import settings as settings_tree
from nextloop.registry import lifecycle, states

_ADMISSION, _LEDGER = "nextloop.registry.admission", "nextloop.registry.ledger"
_PROJECTION = "nextloop.registry.projection"
_STORE = "mlflow.tracking.client:MlflowClient"

# point: after the how manieth call of which function
POINTS: dict[str, tuple[str, str, int]] = {
    "resolved": ("nextloop.registry.resolve", "resolve", 1),
    "admitted": (_ADMISSION, "admitted", 1),
    "files_checked": (_ADMISSION, "check_files", 1),
    "ledger_read": (_LEDGER, "read", 2),
    "decided": ("nextloop.registry.changes", "promotion", 1),
    "rows_made": (_LEDGER, "_entries", 1),
    "ledger_opened": ("nextloop.storage.delta", "opened", 1),
    "committed": (_LEDGER, "_commit", 1),
    "appended": (_LEDGER, "append", 1),
    "looked_at_mlflow": (_PROJECTION, "pages", 1),
    "first_tag_written": (_STORE, "set_model_version_tag", 1),
    "tags_written": (_PROJECTION, "_tags", 1),
    "alias_written": (_PROJECTION, "_alias", 1),
    "projected": ("nextloop.registry.lifecycle", "project", 1),
}
UNDECIDED = list(POINTS)[: list(POINTS).index("committed")]


def die(point, flags, version):
    """Promote and be killed there."""
    arm(POINTS[point], "kill")
    lifecycle.promote(settings_tree.load(flags), version, f"killed: {point}")


def mend(flags, answer):
    """Reconcile, twice, and tell what is in production."""
    settings = settings_tree.load(flags)
    repairs = [lifecycle.reconcile(settings) for _ in range(2)]
    entries = lifecycle.history(settings)
    now = states.production(entries)
    state = [v for v, s in states.states(entries).items() if s == "production"]
    answer.put((repairs, now and now.version, state, [e.sequence for e in entries]))


def run(flags):
    fork = multiprocessing.get_context("fork")
    told = []
    for number, point in enumerate(POINTS):
        version = (2, 4)[number % 2]
        victim = fork.Process(target=die, args=(point, flags, version))
        victim.start()
        victim.join()
        if victim.exitcode != -signal.SIGKILL:
            sys.exit(f"{point} was not reached: {victim.exitcode}")
        answer = fork.SimpleQueue()
        mender = fork.Process(target=mend, args=(flags, answer))
        mender.start()
        repairs, production, state, sequence = answer.get()
        mender.join()
        told.append({
            "point": point, "wanted": version, "repairs": repairs, "production": production,
            "in_production": state, "sequence": sequence,
        })  # fmt: skip
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(json.loads(sys.argv[1]))))
