"""The branch of the settings tree that `nextloop stack` reads."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from nextloop.settings.group import Group, HomePath

Port = Annotated[int, Field(ge=1, le=65535)]
Names = Annotated[str, Field(pattern=r"^([a-z]+( [a-z]+)*)?$")]


class StackSettings(Group):
    """The whole installation on one machine: where it lies, and on which ports of the loopback."""

    folder: HomePath | None = Field(
        default=None, description="All of it; XDG_STATE_HOME/nextloop/stack if not set"
    )
    checkout: HomePath | None = Field(
        default=None, description="Where scripts/ and deploy/ are; this code's if not set"
    )
    monitoring: HomePath | None = Field(
        default=None, description="Rules and messages; the checkout's deploy/monitoring if not set"
    )
    without: Names = Field(
        default="", description="Parts that are not started, by spaces, such as mlflow airflow"
    )
    slack_webhook_file: HomePath | None = Field(
        default=None, description="File with Slack's webhook; messages go to a log if not set"
    )
    resend_seconds: int = Field(
        default=15, ge=1, description="How often Prometheus repeats an alert that fires"
    )
    silence_seconds: float = Field(
        default=180, gt=0, description="Silence of the monitoring that counts as its death"
    )
    mlflow_port: Port = Field(default=5000, description="Port of MLflow")
    mlflow_metrics_port: Port = Field(default=9105, description="Port of what MLflow counted")
    database_port: Port = Field(default=5433, description="Port of its PostgreSQL")
    airflow_port: Port = Field(default=8090, description="Port of Airflow's page")
    statsd_port: Port = Field(default=8125, description="UDP port that Airflow tells StatsD")
    airflow_metrics_port: Port = Field(default=9102, description="Port of what Airflow told")
    prometheus_port: Port = Field(default=9090, description="Port of Prometheus")
    alertmanager_port: Port = Field(default=9093, description="Port of Alertmanager")
    node_port: Port = Field(default=9100, description="Port of node_exporter")
    nginx_port: Port = Field(default=9113, description="Port of what counts nginx's answers")
    deadman_port: Port = Field(default=9099, description="Port of the dead-man's switch")
    messages_port: Port = Field(default=9098, description="Port of what stands in Slack's place")
