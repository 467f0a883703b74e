"""Faults of another process of ours, raised again here as what they were."""

from __future__ import annotations

from nextloop.errors import DataFault, NextLoopError, SystemFault, UsageFault

_KINDS = {fault.exit_code: fault for fault in (UsageFault, DataFault, SystemFault)}


def of(exit_code: int, message: str, hint: str = "") -> NextLoopError:
    """Make the fault that a process ended with.

    Args:
        exit_code: The process's; codes that are no fault's own count as the system's.
        message: What it said.
        hint: What it advised.

    Returns:
        The fault, to be raised.
    """
    return _KINDS.get(exit_code, SystemFault)(message, hint)
