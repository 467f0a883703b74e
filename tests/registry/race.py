"""Eight processes that change one lake's registry at the same moment; run by test_lifecycle.

Forked before anything of Delta's or MLflow's has started a thread, so that MLflow is imported once.
"""

from __future__ import annotations

import multiprocessing
import sys

import mlflow.store.tracking.sqlalchemy_store  # noqa: F401 imported once for all

from nextloop import settings as settings_tree
from nextloop.registry import changes, ledger, lifecycle
from nextloop.registry.resolve import resolve
from nextloop.registry.store import locate

RACERS = 8
PROMOTED = (1, 2, 4, 2, 1, 4, 2, 1)  # version 3 does not pass the gate


def promote(settings, number):
    lifecycle.promote(settings, PROMOTED[number], f"경주 {number}")


def append(settings, number):
    lake, left = locate(settings).lake, 3
    ref = resolve(str(number % 4 + 1), settings)
    while left:
        seen = ledger.read(lake)
        try:
            by = f"writer {number}"
            ledger.append(seen, [changes.promotion((), ref, by, "race")[0]])
        except ledger.LedgerMoved:
            continue
        left -= 1


def race(act, lake, number, start):
    settings = settings_tree.load({"lake": lake})
    start.wait()
    act(settings, number)


def hold(act, lake):
    """Let them run; tell by the exit code whether one failed (its traceback is on stderr)."""
    fork = multiprocessing.get_context("fork")
    gun = fork.Barrier(RACERS)
    racers = [fork.Process(target=race, args=(act, lake, n, gun)) for n in range(RACERS)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    return any(racer.exitcode for racer in racers)


if __name__ == "__main__":
    promoting, appending = sys.argv[1:]
    sys.exit(hold(promote, promoting) or hold(append, appending))
