"""What the API counts and measures, on a registry of its own app.

In come answers and loaded models, out goes ``GET /metrics`` in Prometheus's text form, which
prometheus-fastapi-instrumentator serves. Names and buckets are declared in ``telemetry.metrics``.
A process is one slot and answers by one model version: both are labels, and there are no other
processes' counts to add.
"""

from __future__ import annotations

import calendar
import time
from typing import Final

from fastapi import FastAPI
from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_fastapi_instrumentator import Instrumentator
from starlette.responses import PlainTextResponse

from nextloop.recommender.answer import Answer
from nextloop.recommender.asking import Query
from nextloop.serving.answers import Recommendations
from nextloop.serving.drift import Drift
from nextloop.serving.measured import Measured
from nextloop.serving.model import LoadedModel
from nextloop.telemetry import metrics

_ALONE: Final = "none"


class Instruments:
    """The metrics of one app, on a registry that no other app shares.

    Args:
        slot: Which of several processes this is, if so.
    """

    def __init__(self, slot: str | None = None) -> None:
        self.slot = slot or _ALONE
        self.registry = registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        self.http_requests = metrics.HTTP_REQUESTS.on(registry)
        self.http_seconds = metrics.HTTP_DURATION.on(registry)
        self.requests = metrics.RECOMMENDATION_REQUESTS.on(registry)
        self.seconds = metrics.RECOMMENDATION_DURATION.on(registry)
        self.fallbacks = metrics.FALLBACK_ANSWERS.on(registry)
        self.scores = metrics.RECOMMENDATION_SCORE.on(registry)
        self.events = metrics.OFFER_EVENTS.on(registry)
        self.model_info = metrics.MODEL_INFO.on(registry)
        self.model_loaded = metrics.MODEL_LOADED.on(registry)
        self.model_as_of = metrics.MODEL_AS_OF.on(registry)
        self._drift: Drift | None = None
        # Looking instruments up by their labels is most of what counting costs.
        self._responses: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._answers: dict[tuple[str, int], tuple[Counter, Histogram, Histogram, Counter]] = {}

    def install(self, app: FastAPI) -> None:
        """Add ``GET /metrics`` and measure every request, those that are refused at the door too.

        Args:
            app: The app with all else that surrounds its routes; before it serves.
        """
        Instrumentator(registry=self.registry).expose(
            app,
            tags=["health"],
            summary="Counts and latencies for Prometheus",
            response_class=PlainTextResponse,
        )
        app.add_middleware(Measured, responded=self.responded)

    def responded(self, method: str, handler: str, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            method: One of HTTP's own, or `other`.
            handler: The route, or `none`.
            status: Of the answer.
            seconds: From the request's arrival to the answer's end.
        """
        found = self._responses.get((method, handler, status))
        if found is None:
            labels = (method, handler)
            found = self._responses[method, handler, status] = (
                self.http_requests.labels(*labels, status, self.slot),
                self.http_seconds.labels(*labels, self.slot),
            )
        count, histogram = found
        count.inc()
        histogram.observe(seconds)

    def answered(self, answer: Recommendations, seconds: float) -> None:
        """Count an answer.

        Args:
            answer: What was answered.
            seconds: How long the model took for it.
        """
        found = self._answers.get((answer.source, answer.model_version))
        if found is None:
            who = (self.slot, str(answer.model_version))
            found = self._answers[answer.source, answer.model_version] = (
                self.requests.labels(answer.source, *who),
                self.seconds.labels(*who),
                self.scores.labels(*who),
                self.fallbacks.labels(*who),
            )
        count, histogram, scores, fallbacks = found
        count.inc()
        histogram.observe(seconds)
        if answer.offers:
            scores.observe(answer.offers[0].score)
        if answer.fallback:
            fallbacks.inc()

    def seen(self, query: Query, answer: Answer) -> None:
        """Count what a request and its offers were like.

        Args:
            query: What was asked.
            answer: What was offered.
        """
        if self._drift is not None:
            self._drift.seen(query, answer)

    def told(self, kind: str, count: int) -> None:
        """Count events that a caller told.

        Args:
            kind: One of the events' kinds.
            count: How many of it.
        """
        self.events.labels(kind, self.slot).inc(count)

    def loaded(self, model: LoadedModel) -> None:
        """Note which model answers from now on.

        Args:
            model: It.
        """
        ref, who = model.ref, (self.slot, str(model.ref.version))
        for gauge in (self.model_info, self.model_loaded, self.model_as_of):
            gauge.clear()
        self.model_info.labels(*who, ref.model, ref.digest).set(1)
        self.model_loaded.labels(*who).set(time.time())
        self.model_as_of.labels(*who).set(calendar.timegm(ref.as_of.timetuple()))
        if self._drift is not None:
            self.registry.unregister(self._drift)
        self._drift = Drift(model.bundle, who)
        self.registry.register(self._drift)
        # A counter that is there from the first scrape on: its first event is an increase.
        self.fallbacks.labels(*who)
