"""What the slots counted is what callers saw, each slot for itself, whoever was live when."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.rollout.load import loaded

from nextloop.rollout import link
from nextloop.rollout.asking import ask

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def counted(rollout):
    """Give answered requests by slot and method, as the slots say themselves."""
    found: Counter[tuple[str, str]] = Counter()
    for slot in ("blue", "green"):
        scraped = ask(rollout.proxy.inner, f"/{slot}/metrics")
        assert scraped
        for family in text_string_to_metric_families(scraped.body.decode()):
            for sample in family.samples:
                if sample.name == "http_requests_total":
                    assert sample.labels["slot"] == slot
                    found[slot, sample.labels["method"]] += int(sample.value)
    return found


def test_counters_are_right_across_switches(deployed):
    """Twenty switches under load: no request is counted twice, by the wrong slot, or not at all."""
    deployed.deploy(4)
    before = counted(deployed.rollout)
    with loaded(deployed.port, rate=100) as load:
        for number in range(20):
            link.point(deployed.rollout.places, ("blue", "green")[number % 2])
            time.sleep(0.1)
    assert load.failures() == []
    saw = Counter((record.slot, record.kind.split()[0]) for record in load.records)
    assert counted(deployed.rollout) - before == saw
    assert {slot for slot, _ in saw} == {"blue", "green"}
