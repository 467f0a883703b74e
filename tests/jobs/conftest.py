"""The jobs' tests run on landings and lakes of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.event_files import Told
from tests.lakes import chain

__all__ = ["chain"]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """An empty landing, and a lake without events."""
    return Told(tmp_path)
