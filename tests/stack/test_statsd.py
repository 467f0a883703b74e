"""What listens in statsd_exporter's place, as a process."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request

from tests.alerting.promtool import ROOT
from tests.ports import free_port
from tests.stack.driving import until


def command(port, statsd_port):
    """Start it."""
    mapping = ROOT / "deploy/monitoring/airflow/statsd_mapping.yaml"
    words = ["--port", str(port), "--statsd-port", str(statsd_port), "--mapping", str(mapping)]
    return subprocess.Popen(
        [sys.executable, "-m", "nextloop.stack.statsd", *words], stderr=subprocess.PIPE, text=True
    )


def scraped(port):
    """Ask as Prometheus does; nothing if nobody answers yet."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return answer.read().decode()
    except OSError:
        return ""


def test_what_is_told_is_answered():
    """A datagram in, a scrape out."""
    port, statsd_port = free_port(), free_port()
    with command(port, statsd_port) as process, socket.socket(type=socket.SOCK_DGRAM) as sender:
        until(lambda: scraped(port))
        sender.sendto(b"airflow.scheduler_heartbeat:1|c", ("127.0.0.1", statsd_port))
        until(lambda: "\nairflow_scheduler_heartbeat 1.0\n" in scraped(port), 5)
        process.terminate()


def test_taken_port_of_datagrams_is_named():
    """Who starts it is told which port, and the setting for another."""
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        with command(free_port(), taken) as process:
            _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"UDP port {taken} cannot be listened on" in said
    assert "NEXTLOOP_STACK__STATSD_PORT" in said
