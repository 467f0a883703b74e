"""Settings of the model registry: where MLflow is, and what is promoted.

Comes in: values from `loading`. Goes out: frozen models, part of the tree.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from nextloop.settings.group import Group, HomePath


class MlflowSettings(Group):
    """Where runs and model versions are tracked."""

    tracking_uri: str = Field(
        default="", description="MLflow server or database; empty: SQLite inside the lake"
    )
    experiment: str = Field(
        default="recommender", min_length=1, description="Experiment of training runs"
    )
    username: str = Field(default="", description="Who signs in at an MLflow server")
    password: SecretStr | None = Field(default=None, description="Their password")
    password_file: HomePath | None = Field(
        default=None, description="File that holds it, where it is not given itself"
    )
    model_cache: HomePath = Field(
        default=Path("~/.cache/nextloop/models"),
        description="Where models of an MLflow server are kept on this machine",
    )


class RegistrySettings(Group):
    """Names and rules of the model registry."""

    model_name: str = Field(
        default="recommender", pattern=r"^[A-Za-z0-9._-]+$", description="Registered model"
    )
    staging_size: int = Field(
        default=3, ge=1, le=100, description="How many versions are staged at most"
    )
    margin: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="By how much NDCG@k must beat popularity's to be staged",
    )
    production_margin: float = Field(
        default=0.005,
        ge=0,
        le=1,
        description="By how much NDCG@k may be below the present production's to be promoted",
    )
    max_model_bytes: int = Field(
        default=500_000_000, ge=1, description="Largest model that is promoted, its files' sum"
    )
    max_answer_milliseconds: float = Field(
        default=50.0, gt=0, description="Slowest 99th percentile of answers that is promoted"
    )
