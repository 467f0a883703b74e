"""Service: when an order is acknowledged and completed, what was promised, what was delayed.

In come a hotel's lines with their departments and moments, out come times and outcomes. A
department that gets more than it can do in an hour answers later, takes longer, refuses more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nextloop.simulator import catalog, workload
from nextloop.simulator.clock import MINUTE
from nextloop.simulator.columns import Floats, Ints
from nextloop.simulator.config import SimulatorConfig
from nextloop.simulator.fates import fates, sold_out
from nextloop.simulator.hotels import Hotel
from nextloop.simulator.moments import Moments
from nextloop.simulator.streams import stream
from nextloop.simulator.workload import Jobs

ACK_MINUTES, ACK_SPREAD, ACK_LOAD = 1.5, 0.6, 1.5
"""Median wait for the acknowledgement, its log spread, and what the squared load adds."""
WORK_SPREAD, WORK_LOAD, FREE_LOAD, WORK_MORE = 0.25, 0.9, 0.7, 0.15
"""Log spread of the work, what load beyond the free part adds, and each further line."""
LONGER_PROMISE, LONGER_FROM = 10, 1.2
"""Minutes added to the promise, and the load from which they are."""
DECLARED, TOLERATED_MINUTES, DELAY_STEP = 0.6, 3, 5
"""Share of delays that staff announce, what counts as one, and the steps in which they do."""
CANCEL_MINUTES = 5
"""Longest wait from the acknowledgement to a guest's cancelling."""
NEVER = 2**40
"""An end that no file reaches, seconds."""


@dataclass(frozen=True)
class Service:
    """What becomes of a hotel's orders (the first five) and of their lines (the last three)."""

    ack_at: Ints
    end_at: Ints
    outcome: Ints
    cause: Ints
    load: Floats
    waiting_minutes: Ints
    delay_minutes: Ints
    complete_minutes: Ints


def serve(
    config: SimulatorConfig, hotel: Hotel, moments: Moments, order: Ints, item: Ints
) -> Service:
    """Serve a hotel's orders.

    Args:
        config: Shares of refused, cancelled, forgotten and sold out count.
        hotel: Its menu and departments count.
        moments: Its orders.
        order: Each line's order, a row of the moments, growing.
        item: Each line's item, counted from 0 on the hotel's menu.

    Returns:
        Times in seconds, minutes of each line, outcomes and loads.
    """
    rng = stream(config.seed, "service", hotel.seq)
    category = hotel.items.category[item]
    jobs = workload.split(moments.at, order, hotel.items.department_seq[item], config.overload)
    ack, took = _minutes(rng, jobs, category)
    promise = _promises(jobs, category)
    load = np.zeros(len(moments))
    np.maximum.at(load, jobs.order, jobs.load)
    gone = sold_out(config, hotel, moments, order, item)
    outcome, cause = fates(config, rng, load, gone)
    ack_at, end_at = _ends(rng, moments, jobs, order, ack, took, outcome)
    return Service(
        ack_at=ack_at,
        end_at=end_at,
        outcome=outcome,
        cause=cause,
        load=load,
        waiting_minutes=promise,
        delay_minutes=_delays(rng, jobs, took - promise),
        complete_minutes=np.maximum(1, np.round(took)).astype(np.int64),
    )


def _minutes(rng: np.random.Generator, jobs: Jobs, category: Ints) -> tuple[Floats, Floats]:
    """Return minutes to each job's acknowledgement and to each line's completion."""
    count = len(jobs.load)
    ack = ACK_MINUTES * (1 + ACK_LOAD * jobs.load**2) * rng.lognormal(0.0, ACK_SPREAD, count)
    slower = 1 + WORK_LOAD * np.maximum(jobs.load - FREE_LOAD, 0.0)
    slower *= 1 + WORK_MORE * (jobs.lines - 1)
    slower *= rng.lognormal(0.0, WORK_SPREAD, count)
    usual = np.array([kind.minutes for kind in catalog.load().categories])[category]
    return ack, ack[jobs.of_line] + usual * slower[jobs.of_line]


def _promises(jobs: Jobs, category: Ints) -> Ints:
    promise = np.array([kind.promise for kind in catalog.load().categories])[category]
    return np.asarray(promise + LONGER_PROMISE * (jobs.load > LONGER_FROM)[jobs.of_line])


def _delays(rng: np.random.Generator, jobs: Jobs, late: Floats) -> Ints:
    """Return the delays that staff announced, minutes in whole steps, 0 for none."""
    tells = rng.random(len(jobs.load)) < DECLARED
    declared = (late > TOLERATED_MINUTES) & tells[jobs.of_line]
    return np.where(declared, np.ceil(late / DELAY_STEP) * DELAY_STEP, 0).astype(np.int64)


def _ends(
    rng: np.random.Generator,
    moments: Moments,
    jobs: Jobs,
    order: Ints,
    ack: Floats,
    took: Floats,
    outcome: Ints,
) -> tuple[Ints, Ints]:
    """Return when each order was acknowledged and when it ended: at its slowest line."""
    count = len(moments)
    first, slowest = np.full(count, np.inf), np.zeros(count)
    np.minimum.at(first, jobs.order, ack)
    np.maximum.at(slowest, order, took)
    ack_at = moments.at + np.ceil(first * MINUTE).astype(np.int64)
    done_at = moments.at + np.ceil(slowest * MINUTE).astype(np.int64)
    cancelled_at = ack_at + rng.integers(0, CANCEL_MINUTES * MINUTE, count)
    never = np.full(count, NEVER)
    ends = np.choose(outcome, [done_at, ack_at, np.minimum(cancelled_at, done_at), never])
    return ack_at, ends
