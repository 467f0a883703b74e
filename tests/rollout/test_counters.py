"""What the slots counted is what callers saw, each slot for itself, whoever was live when."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.rollout.load import loaded

from nextloop import processes
from nextloop.rollout import link
from nextloop.rollout.asking import ask
from nextloop.rollout.exporter import NginxMetrics

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def counted(rollout, slots=("blue", "green")):
    """Give answered requests by slot and method, as the slots say themselves."""
    found: Counter[tuple[str, str]] = Counter()
    for slot in slots:
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


def kill(stage):
    """Kill the live slot as the kernel does, and put things right; return when it was dead."""
    processes.kill(stage.rollout.runner._found(stage.live), 10)
    killed = time.monotonic()
    time.sleep(0.3)
    stage.run("reconcile")
    time.sleep(0.5)
    return killed


def test_counters_are_right_across_kills(deployed):
    """Slots killed under load: nginx's counts are all that callers got, the faults too.

    The first kill leaves the requests to the other slot, the second starts the same one again: that
    counts from nothing, and each of its answers once. An answer that a kill cuts in its middle is a
    200 of the slot for nginx, which had its head, and none for the caller.
    """
    deployed.deploy(4)
    proxy = NginxMetrics(deployed.rollout)
    with loaded(deployed.port, rate=100) as load:
        time.sleep(0.5)
        died = {deployed.live}
        kill(deployed)
        live, killed = deployed.live, kill(deployed)
        time.sleep(0.5)
    proxy.look()
    said = Counter({
        (sample.labels["slot"], int(sample.labels["status"])): int(sample.value)
        for family in proxy.registry.collect()
        for sample in family.samples
        if sample.name == "nextloop_nginx_requests_total" and sample.value
    })  # fmt: skip
    whole = [record for record in load.records if not record.fault]
    got = Counter((record.slot or "none", record.status) for record in whole)
    assert said >= got
    cut = said - got
    assert cut.total() == len(load.records) - len(whole) < 5  # two kills, few under way
    assert set(cut) <= {(slot, 200) for slot in died | {live}}
    assert said["none", 503] > 0
    assert deployed.live == live
    after = [record for record in load.records if record.slot == live and record.sent > killed]
    assert len(after) > 20
    assert counted(deployed.rollout, (live,)) == Counter(
        (record.slot, record.kind.split()[0]) for record in after
    )
