"""NextLoop: hotels' weekly order files to tables, features and a served recommender."""

from __future__ import annotations

__version__ = "0.1.0"
