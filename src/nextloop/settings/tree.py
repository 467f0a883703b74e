"""The settings tree: names, types, defaults and what is allowed. No reading of files here.

Comes in: values from `loading`. Goes out: frozen models, one per station.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from nextloop.settings import allowed
from nextloop.settings.batch import BatchSettings
from nextloop.settings.group import Group, HomePath
from nextloop.settings.registry import MlflowSettings, RegistrySettings
from nextloop.settings.rollout import RolloutSettings
from nextloop.settings.serving import ServingSettings
from nextloop.settings.spark_cluster import SparkClusterSettings
from nextloop.settings.stack import StackSettings

OrderState = Literal["complete", "refused", "cancelled", "open"]
Place = Annotated[str, AfterValidator(allowed.place)]
TimeZone = Annotated[str, AfterValidator(allowed.time_zone)]
Engine = Annotated[str, AfterValidator(allowed.engine)]

# The words seen in order exports. An unknown word counts as open and is flagged by ingest.
STATUS_WORDS: dict[str, OrderState] = {
    "COMPLETE": "complete",
    "REFUSE": "refused",
    "REFUSED": "refused",
    "CANCEL": "cancelled",
    "CANCELLED": "cancelled",
    "CANCELED": "cancelled",
    "REGISTER": "open",
    "REQUEST": "open",
    "CHECK": "open",
    "READY": "open",
    "ORDER": "open",
    "OPEN": "open",
    "PROGRESS": "open",
}


def _with_known_words(given: object) -> object:
    """Add the given words to the known ones, so that a site lists only what is different."""
    if not isinstance(given, dict):
        return given
    return STATUS_WORDS | {str(word).strip().upper(): state for word, state in given.items()}


class OrderSettings(Group):
    """How the hotels' order files are read."""

    timezone: TimeZone = Field(default="Asia/Seoul", description="Zone of the files' local times")
    hotel_timezones: dict[int, TimeZone] = Field(
        default={}, description="Zones of hotels that differ, by hotel_seq"
    )
    status_map: Annotated[dict[str, OrderState], BeforeValidator(_with_known_words)] = Field(
        default=STATUS_WORDS, description="Order states by the files' word, added to the known ones"
    )
    period_unit: Literal["minutes", "seconds"] = Field(
        default="minutes", description="Unit of waitingPeriod, delayPeriod and completePeriod"
    )
    # A hundred-line order is about 30 kB of JSON: more than a megabyte is a broken quote.
    max_row_bytes: int = Field(
        default=1_048_576, ge=1_024, description="Longest row that is accepted"
    )
    max_file_bytes: int = Field(
        default=4 * 1024**3, ge=1_024, description="Largest file that is opened"
    )

    def timezone_of(self, hotel: int) -> str:
        """Name the zone of a hotel's clocks.

        Args:
            hotel: The source's hotel_seq.

        Returns:
            An IANA name.
        """
        return self.hotel_timezones.get(hotel, self.timezone)


class PrivacySettings(Group):
    """The secret that turns customer numbers into guest keys; it never lies in the lake."""

    guest_key: SecretStr | None = Field(
        default=None, description="Secret that names guests, 32 characters or more"
    )
    guest_key_file: HomePath = Field(
        default=Path("~/.config/nextloop/guest.key"),
        description="Where the key is kept when guest_key is not set (made on first use)",
    )


class GcsSettings(Group):
    """How buckets are reached; by Application Default Credentials unless a key is given."""

    service_account_key: SecretStr | None = Field(
        default=None, description="A service account's key (JSON), where nothing better can be had"
    )
    service_account_key_file: Path | None = Field(
        default=None, description="File that holds it; - is standard input"
    )
    connector: str = Field(
        default="com.google.cloud.bigdataoss:gcs-connector:hadoop3-2.2.26",
        min_length=1,
        description="Hadoop connector of Apache Spark: a Maven coordinate, or a .jar",
    )


class RecommenderSettings(Group):
    """How models are trained and measured."""

    k: int = Field(default=10, ge=1, le=100, description="Length of a list of offers")
    holdout_days: int = Field(default=14, ge=1, le=365, description="Last days kept for measuring")
    seed: int = Field(default=20261122, ge=0, lt=2**31, description="Seed of everything random")
    folds: int = Field(default=5, ge=2, le=50, description="Cross-fitting folds by guest")
    # Two threads on two busy cores wait for each other: 25 s of training instead of 9.
    num_threads: int = Field(default=1, ge=1, le=256, description="Threads of LightGBM")
    tune_seconds: float = Field(
        default=0.0, ge=0, le=86_400, description="Seconds to search for better settings in"
    )
    tune_trials: int = Field(default=20, ge=1, le=1000, description="Trials of that search at most")


class Settings(BaseSettings):
    """Everything that can be set, in force for one process."""

    model_config = SettingsConfigDict(
        env_prefix="NEXTLOOP_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        validate_default=True,
        hide_input_in_errors=True,
    )

    landing: Place = Field(
        default="landing", description="Folder of the order files, or gs://bucket/path"
    )
    lake: Place = Field(default="lake", description="Folder of the tables, or gs://bucket/path")
    spark: Engine = Field(default="sail", description="Engine of the transformations")
    log_level: Literal["auto", "debug", "info", "warning", "error"] = Field(
        default="auto", description="Least level logged; auto: info for serve, else warning"
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto", description="auto: console on a terminal, JSON lines otherwise"
    )
    metrics_folder: HomePath | None = Field(
        default=None, description="Where jobs leave their metrics, for node_exporter's textfiles"
    )
    orders: OrderSettings = Field(default_factory=OrderSettings)
    batch: BatchSettings = Field(default_factory=BatchSettings)
    privacy: PrivacySettings = Field(default_factory=PrivacySettings)
    gcs: GcsSettings = Field(default_factory=GcsSettings)
    spark_cluster: SparkClusterSettings = Field(default_factory=SparkClusterSettings)
    mlflow: MlflowSettings = Field(default_factory=MlflowSettings)
    registry: RegistrySettings = Field(default_factory=RegistrySettings)
    recommender: RecommenderSettings = Field(default_factory=RecommenderSettings)
    serving: ServingSettings = Field(default_factory=ServingSettings)
    rollout: RolloutSettings = Field(default_factory=RolloutSettings)
    stack: StackSettings = Field(default_factory=StackSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read flags, then the environment, then the settings file; first come wins."""
        file = TomlConfigSettingsSource(settings_cls, toml_file=allowed.settings_file())
        return init_settings, env_settings, file
