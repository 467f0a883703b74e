"""Every setting of NextLoop: one typed, frozen tree and where each value came from.

Comes in: flags of the command, `NEXTLOOP_*` variables, `nextloop.toml`, defaults (in that order
of precedence). Goes out: `Settings`, which every station takes what it needs from.
"""

from __future__ import annotations

from nextloop.settings.batch import BatchSettings
from nextloop.settings.loading import Resolved, load, resolve, sources
from nextloop.settings.names import leaves, masked, variable
from nextloop.settings.registry import MlflowSettings, RegistrySettings
from nextloop.settings.rollout import RolloutSettings
from nextloop.settings.serving import ServingSettings
from nextloop.settings.spark_cluster import SparkClusterSettings
from nextloop.settings.stack import StackSettings
from nextloop.settings.tree import (
    GcsSettings,
    OrderSettings,
    PrivacySettings,
    RecommenderSettings,
    Settings,
)

__all__ = [
    "BatchSettings",
    "GcsSettings",
    "MlflowSettings",
    "OrderSettings",
    "PrivacySettings",
    "RecommenderSettings",
    "RegistrySettings",
    "Resolved",
    "RolloutSettings",
    "ServingSettings",
    "Settings",
    "SparkClusterSettings",
    "StackSettings",
    "leaves",
    "load",
    "masked",
    "resolve",
    "sources",
    "variable",
]
