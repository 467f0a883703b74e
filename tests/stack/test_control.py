"""What a person is told when a stack cannot start, before anything was started."""

from __future__ import annotations

import json
import os
import socket

import pytest
from tests.stack.driving import Stack


@pytest.fixture
def unstarted(tmp_path):
    """A stack of which nothing runs."""
    made = Stack.make(tmp_path / "s")
    yield made
    assert not list((tmp_path / "s" / "parts").glob("*.json"))


def test_taken_port_is_named_with_who_has_it_and_what_to_set(unstarted):
    """The port, its part, the process that listens there, and the setting for another."""
    with socket.create_server(("127.0.0.1", unstarted.port("prometheus_port"))):
        said = unstarted.up(code=4)
    port = unstarted.port("prometheus_port")
    assert f"Port {port} of prometheus is taken by python" in said
    assert f"process {os.getpid()}" in said
    assert "NEXTLOOP_STACK__PROMETHEUS_PORT" in said


def test_taken_port_of_the_api_is_named(unstarted):
    """nginx's ports are looked at too."""
    with socket.create_server(("127.0.0.1", unstarted.port("port"))):
        said = unstarted.up(code=4)
    assert f"Port {unstarted.port('port')} of the API is taken" in said
    assert "NEXTLOOP_ROLLOUT__PORT" in said


def test_missing_program_is_named_with_how_to_get_it(unstarted, tmp_path):
    """A machine without Prometheus is told which script installs it."""
    unstarted.environment["PATH"] = str(tmp_path)
    said = unstarted.up(code=4)
    assert "needs prometheus-node-exporter, which is not here" in said
    assert "scripts/monitoring.sh" in said


def test_missing_environment_is_named_with_how_to_get_it(unstarted, tmp_path):
    """A checkout in which nothing was set up is told what makes it."""
    checkout = tmp_path / "checkout"
    (checkout / "scripts").mkdir(parents=True)
    (checkout / "scripts" / "mlflow.sh").touch()
    (checkout / "deploy" / "monitoring" / "prometheus").mkdir(parents=True)
    unstarted.variables["NEXTLOOP_STACK__CHECKOUT"] = str(checkout)
    unstarted.variables["NEXTLOOP_STACK__WITHOUT"] = ""
    said = unstarted.up(code=4)
    assert ".venv-mlflow/bin/mlflow, which is not here" in said
    assert "make up" in said


def test_code_outside_a_checkout_says_so(unstarted, tmp_path):
    """An installed package has no scripts to start parts by."""
    unstarted.variables["NEXTLOOP_STACK__CHECKOUT"] = str(tmp_path)
    assert "NEXTLOOP_STACK__CHECKOUT" in unstarted.up(code=4)


def test_stack_that_never_ran_is_down(unstarted):
    """Status says so by its exit code; to stop it is no fault."""
    unstarted.command("stack", "status", code=4)
    assert json.loads(unstarted.command("stack", "down", "--json")) == {"stopped": 0}
