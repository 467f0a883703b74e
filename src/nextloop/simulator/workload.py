"""Departments' load: how much each has to do when an order comes in.

In come orders split into one job a department, out go loads: jobs of the last hour over what the
department can do in one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nextloop.simulator.clock import HOUR
from nextloop.simulator.columns import Floats, Ints

LEAST_CAPACITY = 1.5
"""Jobs an hour that even the smallest department can do."""


@dataclass(frozen=True)
class Jobs:
    """What departments are asked to do.

    Attributes:
        order: Each job's order, `(jobs,)`.
        load: The department's load when it came, 1 at capacity, `(jobs,)`.
        lines: Each job's number of lines, `(jobs,)`.
        of_line: Each line's job, `(lines,)`.
    """

    order: Ints
    load: Floats
    lines: Ints
    of_line: Ints


def split(at: Ints, order: Ints, department: Ints, overload: float) -> Jobs:
    """Split a hotel's orders into jobs.

    Args:
        at: Each order's moment, seconds.
        order: Each line's order.
        department: Each line's department.
        overload: Share of jobs that find their department beyond its capacity, 0-1.

    Returns:
        One job an order and department.
    """
    step = int(department.max(initial=0)) + 1
    keys, of_line = np.unique(order * step + department, return_inverse=True)
    job, owner = keys // step, keys % step
    load = np.empty(len(job))
    for one in np.unique(owner).tolist():
        mine = owner == one
        load[mine] = _load(at[job[mine]], overload)
    return Jobs(job, load, np.bincount(of_line, minlength=len(job)), of_line)


def _load(at: Ints, overload: float) -> Floats:
    """Count each job and those of the hour before it, against the department's capacity."""
    queue = np.sort(at)
    recent = np.searchsorted(queue, at, "right") - np.searchsorted(queue, at - HOUR)
    capacity = max(LEAST_CAPACITY, float(np.quantile(recent, 1 - overload)))
    return np.asarray(recent / capacity)
