"""The jobs' tests run on landings and lakes of their own."""

from __future__ import annotations

from tests.lakes import chain

__all__ = ["chain"]
