"""What the DAGs hand each other: one asset a stage of the chain.

An asset's update says that something is new, not what: updates that come while a run waits become
one run. So a run reads the lake's newest state; what is said here is for people to read.
"""

from __future__ import annotations

from airflow.sdk import Asset

FEATURES = Asset("features", group="nextloop")
MODEL = Asset("model", group="nextloop")
