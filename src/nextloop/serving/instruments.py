"""What the API counts and measures, on a registry of its own app.

In come answers and loaded models, out goes ``GET /metrics`` in Prometheus's text form. Names and
buckets are declared in ``telemetry.metrics``; HTTP counts and latencies by route come from
prometheus-fastapi-instrumentator, paths that no route has are one group.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self

from fastapi import FastAPI
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_fastapi_instrumentator import Instrumentator
from prometheus_fastapi_instrumentator.metrics import Info
from starlette.responses import PlainTextResponse

from nextloop.serving.answers import Recommendations
from nextloop.serving.model import LoadedModel
from nextloop.telemetry import metrics

# Probes and scrapes would hide what callers see: they are many, and always fast.
_UNCOUNTED = ["^/metrics$", "^/healthz$", "^/readyz$"]


@dataclass(frozen=True, slots=True)
class Instruments:
    """The metrics of one app."""

    registry: CollectorRegistry
    http_requests: Counter
    http_seconds: Histogram
    requests: Counter
    fallbacks: Counter
    seconds: Histogram
    model_info: Gauge
    model_loaded: Gauge

    @classmethod
    def create(cls) -> Self:
        """Make a registry with the API's metrics and the process's own.

        Returns:
            Instruments that no other app shares.
        """
        registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        return cls(
            registry,
            metrics.HTTP_REQUESTS.on(registry),
            metrics.HTTP_DURATION.on(registry),
            metrics.RECOMMENDATION_REQUESTS.on(registry),
            metrics.FALLBACK_ANSWERS.on(registry),
            metrics.RECOMMENDATION_DURATION.on(registry),
            metrics.MODEL_INFO.on(registry),
            metrics.MODEL_LOADED.on(registry),
        )

    def install(self, app: FastAPI) -> None:
        """Measure every request of an app and add ``GET /metrics``.

        Args:
            app: The app, before it serves.
        """
        instrumentator = Instrumentator(
            should_group_status_codes=False, excluded_handlers=_UNCOUNTED, registry=self.registry
        )
        instrumentator.add(self._responded).instrument(app).expose(
            app,
            tags=["health"],
            summary="Counts and latencies for Prometheus",
            response_class=PlainTextResponse,
        )

    def _responded(self, info: Info) -> None:
        labels = (info.method, info.modified_handler)
        self.http_requests.labels(*labels, info.modified_status).inc()
        self.http_seconds.labels(*labels).observe(info.modified_duration)

    def answered(self, answer: Recommendations, seconds: float) -> None:
        """Count an answer.

        Args:
            answer: What was answered.
            seconds: How long the model took for it.
        """
        self.requests.labels(answer.source).inc()
        self.seconds.observe(seconds)
        if answer.fallback:
            self.fallbacks.inc()

    def loaded(self, model: LoadedModel) -> None:
        """Note which model answers from now on.

        Args:
            model: It.
        """
        self.model_info.clear()
        self.model_info.labels(model.ref.version, model.ref.digest).set(1)
        self.model_loaded.set(time.time())
