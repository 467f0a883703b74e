"""The ingest job: `ingest(settings)` takes in the landing's new files."""

from __future__ import annotations

from nextloop.jobs.ingest.job import ingest
from nextloop.jobs.ingest.report import IngestReport

__all__ = ["IngestReport", "ingest"]
