"""The monitoring's files for this machine: our rules and messages, and where things are here.

Comes in: deploy/monitoring and the settings. Goes out: folders that Prometheus and Alertmanager
start from. Rules and templates are copied as they are; only addresses are this machine's.
"""

from __future__ import annotations

import json
import shutil
import socket
from typing import Any, Final

from nextloop.errors import SystemFault
from nextloop.rollout.places import SLOTS
from nextloop.rollout.proxy import asked_at
from nextloop.settings import Settings
from nextloop.stack.places import Places

# As deploy/monitoring/alertmanager/alertmanager.yml names them.
_SECRETS: Final = "/etc/alertmanager/"
_DEADMAN: Final = "http://dowhat-backend-1:9099/"


def write_prometheus(settings: Settings, places: Places) -> None:
    """Write Prometheus's configuration, rules and targets."""
    folder = places.folder / "prometheus"
    source = places.monitoring / "prometheus"
    for name in ("rules", "targets"):
        shutil.rmtree(folder / name, ignore_errors=True)
    shutil.copytree(source / "rules", folder / "rules")
    shutil.copy(source / "prometheus.yml", folder / "prometheus.yml")
    (folder / "targets").mkdir()
    for job, targets in _targets(settings).items():
        # JSON is YAML.
        (folder / "targets" / f"{job}.yml").write_text(json.dumps(targets, indent=1), "utf-8")


def write_alertmanager(settings: Settings, places: Places) -> None:
    """Write Alertmanager's configuration, templates and webhooks.

    Raises:
        SystemFault: The file with Slack's webhook cannot be read.
    """
    folder = places.folder / "alertmanager"
    source = places.monitoring / "alertmanager"
    shutil.rmtree(folder / "templates", ignore_errors=True)
    shutil.copytree(source / "templates", folder / "templates")
    text = (source / "alertmanager.yml").read_text("utf-8")
    text = text.replace(_SECRETS, f"{folder}/")
    text = text.replace(_DEADMAN, f"http://127.0.0.1:{settings.stack.deadman_port}/")
    (folder / "alertmanager.yml").write_text(text, "utf-8")
    runbooks = (places.checkout / "docs" / "runbooks").as_uri()
    (folder / "templates" / "addresses.tmpl").write_text(
        '{{ define "nextloop.grafana" }}http://localhost:3000{{ end }}\n'
        f'{{{{ define "nextloop.runbooks" }}}}{runbooks}{{{{ end }}}}\n',
        "utf-8",
    )
    (folder / "secrets").mkdir(mode=0o700, exist_ok=True)
    for kind in ("page", "ticket"):
        file = folder / "secrets" / f"slack_{kind}_url"
        file.touch(mode=0o600)
        file.write_text(f"{_webhook(settings)}\n", "utf-8")


def _webhook(settings: Settings) -> str:
    file = settings.stack.slack_webhook_file
    if file is None:
        return f"http://127.0.0.1:{settings.stack.messages_port}/"
    try:
        return file.read_text("utf-8").strip()
    except OSError as refused:
        raise SystemFault(
            f"Slack's webhook cannot be read from {file}: {refused.strerror}.",
            "Mend NEXTLOOP_STACK__SLACK_WEBHOOK_FILE; without it messages go to a log.",
        ) from refused


def _targets(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """Say where each job of prometheus.yml finds what it asks.

    Parts that were left out are not asked for: they would be missed. No containers are here.

    Returns:
        Prometheus's target groups by job.
    """
    stack, inner, host = settings.stack, settings.rollout.inner_port, socket.gethostname()
    address = asked_at(settings.rollout.inner_address)
    parts = {"mlflow", "airflow"} - set(stack.without.split())

    def at(port: int, address: str = "127.0.0.1", **labels: str) -> dict[str, Any]:
        return {"targets": [f"{address}:{port}"], "labels": {"host": host, **labels}}

    return {
        "api": [
            at(inner, address, slot=slot, __metrics_path__=f"/{slot}/metrics") for slot in SLOTS
        ],
        "api-live": [at(inner, address, __metrics_path__="/live/metrics")],
        "nginx": [at(stack.nginx_port, address)],
        "node": [at(stack.node_port)],
        "alertmanager": [at(stack.alertmanager_port)],
        "prometheus": [at(stack.prometheus_port)],
        "mlflow": [at(stack.mlflow_metrics_port)] if "mlflow" in parts else [],
        "airflow": [at(stack.airflow_metrics_port)] if "airflow" in parts else [],
        "cadvisor": [],
    }
