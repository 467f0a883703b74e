"""How a job tells what it does: a callback that knows nothing of terminals."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Told (done, total, what is done now)."""
