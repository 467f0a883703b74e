"""Every panel on what can run here: the API under requests, node_exporter with jobs' files."""

from __future__ import annotations

import datetime as dt
import re
import time

import httpx
import pytest
from deploy.monitoring.dashboards.outside import METRICS
from tests.monitoring.conftest import SECONDS, node_exporter
from tests.monitoring.panels import PANELS, named, queries
from tests.serving.conftest import AS_OF, KEY, MENUS

from nextloop import settings
from nextloop.jobs import metrics
from nextloop.jobs.features import FeaturesReport
from nextloop.jobs.ingest.report import IngestReport
from nextloop.jobs.train import TrainReport
from nextloop.serving.background import run_in_background

# Alertmanager, nginx, Airflow, MLflow and containers are not started here.
ELSEWHERE = {
    name
    for program, names in METRICS.items()
    if program.startswith(("Alertmanager", "cAdvisor", "nginx", "NextLoop", "Airflow", "MLflow"))
    for name in names
}


def leave(folder):
    """Leave what a week's jobs would."""
    tree = settings.load({"metrics_folder": str(folder)})
    ingested = IngestReport("r", new_files=2, rows_in=10, accepted=7, rejected=2, superseded=1)
    ingested.reasons, ingested.seconds = {"column_count": 2}, {"validation": 1.0}
    newest = dt.datetime(2017, 12, 24, tzinfo=dt.UTC)
    lists = [{"model_version": 1, "lists": 9, "hits": 2}]
    metrics.leave_ingest(tree, ingested, time.time() - 60, newest, lists)
    metrics.leave_features(tree, FeaturesReport(AS_OF, "r", rows={"interactions": 9}, seconds=2))
    reached = {"ranker": {"ndcg_at_10": 0.5}}
    metrics.leave_train(
        tree, TrainReport(AS_OF, 10, {"ranker": 1}, reached, "ranker", [], {}, [], {"train": 3.0})
    )
    metrics.leave_promote(tree, 1)


def post(url, body):
    """Send a body, whatever is answered."""
    httpx.post(url, json=body, trust_env=False)


def ask(url):
    """Send what callers send, some of it wrong."""
    for number in range(40):
        hotel = 1 + number % 2
        question = {"hotel_seq": hotel, "customer_seq": 1000 + number % 3, "stay": {"day": 1}}
        post(f"{url}/v1/recommendations", {**question, "party": {"adults": 1 + number % 3}})
        event = {"event_id": str(number), "request_id": "r", "hotel_seq": hotel,
                 "item_seq": min(MENUS[hotel]), "kind": "ordered" if number % 9 == 0 else "shown",
                 "at": "2017-12-25T23:00:00+09:00"}  # fmt: skip
        post(f"{url}/v1/events", {"events": [event]})
    post(f"{url}/v1/recommendations", {"hotel_seq": 99})


@pytest.mark.timeout(180)
def test_every_panel_shows_something(tmp_path, lake, prometheus):
    """Each query gives series, with the labels by which its legend calls them."""
    textfiles = tmp_path / "textfiles"
    leave(textfiles)
    environment = {
        "NEXTLOOP_PRIVACY__GUEST_KEY": KEY.decode(),
        "NEXTLOOP_SERVING__EVENTS_FOLDER": str(tmp_path / "events"),
        "NEXTLOOP_SERVING__KEYS_FILE": str(tmp_path / "keys.json"),
    }
    flags = ["--lake", str(lake), "--slot", "blue"]
    with (
        run_in_background(flags, environment=environment) as api,
        node_exporter(textfiles) as node,
        prometheus({"api": api.url.removeprefix("http://"), "node": node}) as found,
    ):
        post(f"{api.url}/v1/recommendations", {"hotel_seq": 1})
        post(f"{api.url}/v1/recommendations", {"hotel_seq": 99})
        until(lambda: not found.ask('http_requests_total{status="404"}') and "not scraped")
        ask(api.url)
        until(lambda: list(silent(found)))


def until(wrong):
    """Wait until nothing is wrong any more."""
    deadline = time.monotonic() + SECONDS
    while what := wrong():
        assert time.monotonic() < deadline, what
        time.sleep(1)


def silent(prometheus):
    """Look at what can be seen here; give queries without series, or without a legend's labels."""
    looked = 0
    for board, panel in PANELS:
        for target, query in zip(panel["targets"], queries(panel), strict=True):
            if named(query) & ELSEWHERE:
                continue
            looked += 1
            labels = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            series = prometheus.ask(query)
            if not series or any(labels - set(one["metric"]) for one in series):
                yield board["title"], panel["title"], query, series[:1]
    assert looked > 60
