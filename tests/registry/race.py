"""Twenty processes that change one registry at the same moment; run by test_races.

Forked before anything of Delta's or MLflow's has started a thread, so that MLflow is imported once.
"""

from __future__ import annotations

import json
import multiprocessing
import sys

import mlflow.store.tracking.sqlalchemy_store  # noqa: F401 imported once for all

from nextloop import settings as settings_tree
from nextloop.registry import changes, ledger, lifecycle
from nextloop.registry.resolve import resolve
from nextloop.registry.store import locate

RACERS = 20
PROMOTED = (1, 2, 4, 2)  # version 3 does not pass the gate


def promote(settings, number):
    lifecycle.promote(settings, PROMOTED[number % len(PROMOTED)], f"경주 {number}")


def append(settings, number):
    lake = locate(settings).lake
    ref = resolve(str(number % 4 + 1), settings)
    while True:
        seen = ledger.read(lake)
        try:
            by = f"writer {number}"
            ledger.append(seen, [changes.promotion((), ref, by, "race")[0]])
        except ledger.LedgerMoved:
            continue
        return


def race(act, flags, number, start):
    settings = settings_tree.load(flags)
    start.wait()
    act(settings, number)


def hold(act, flags):
    """Let them run; tell by the exit code whether one failed (its traceback is on stderr)."""
    fork = multiprocessing.get_context("fork")
    gun = fork.Barrier(RACERS)
    racers = [fork.Process(target=race, args=(act, flags, n, gun)) for n in range(RACERS)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    return any(racer.exitcode for racer in racers)


if __name__ == "__main__":
    acts = {"promote": promote, "append": append}
    sys.exit(hold(acts[sys.argv[1]], json.loads(sys.argv[2])))
