"""A standalone cluster of Apache Spark on this machine: one master, some workers, loopback only.

In: the settings. Out: processes that outlive the command, and a record of them in a private
folder. `nextloop spark-cluster` is its door.
"""

from __future__ import annotations

from nextloop.spark.cluster.control import down, up
from nextloop.spark.cluster.looking import Status, status

__all__ = ["Status", "down", "status", "up"]
