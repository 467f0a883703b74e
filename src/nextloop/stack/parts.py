"""What a stack is made of: each part's command, ports, where it answers, and how one signs in.

Comes in: settings and places. Goes out: parts in the order in which they are started. What a part
does is in its own script or command; nothing of that is said a second time here.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from nextloop.rollout.proxy import asked_at
from nextloop.settings import Settings
from nextloop.stack import monitoring
from nextloop.stack.part import Part
from nextloop.stack.places import Places

_MLFLOW_SECONDS: Final = 150.0  # the first start makes PostgreSQL's cluster and MLflow's tables
_AIRFLOW_SECONDS: Final = 320.0  # scripts/airflow.sh gives up after 300
_PASSWORD: Final = re.compile(r'"admin": *"([^"]+)"')


def parts_of(settings: Settings, places: Places) -> list[Part]:
    """List the parts that are to run; the API is none of them, `nextloop rollout` runs it.

    Args:
        settings: Of this process.
        places: Of the stack.
    """
    without = settings.stack.without.split()
    every = [
        *([] if settings.stack.slack_webhook_file else [_messages(settings, places)]),
        _mlflow(settings, places),
        *([] if "airflow" in without else [_statsd(settings, places)]),
        _airflow(settings, places),
        _node(settings, places),
        _nginx(settings),
        _events(),
        _alertmanager(settings, places),
        _prometheus(settings, places),
        # Last: it counts the silence from when it began.
        _deadman(settings, places),
    ]
    return [part for part in every if part.name not in without]


def _url(port: int, path: str = "", address: str = "127.0.0.1") -> str:
    return f"http://{address}:{port}{path}"


def _mlflow(settings: Settings, places: Places) -> Part:
    port, database = settings.stack.mlflow_port, settings.stack.database_port
    metrics, folder = settings.stack.mlflow_metrics_port, places.folder / "mlflow"
    flags = ["--port", str(port), "--database-port", str(database), "--folder", str(folder)]
    return Part(
        "mlflow",
        (str(places.checkout / "scripts" / "mlflow.sh"), *flags, "--metrics-port", str(metrics)),
        {"MLFLOW_PORT": port, "DATABASE_PORT": database, "MLFLOW_METRICS_PORT": metrics},
        # Answers only while the server does.
        _url(metrics, "/metrics"),
        _url(port),
        needs={str(places.checkout / ".venv-mlflow" / "bin" / "mlflow"): "make up"},
        login=lambda: _login(folder / "admin.password"),
        seconds=_MLFLOW_SECONDS,
    )


def _statsd(settings: Settings, places: Places) -> Part:
    port = settings.stack.airflow_metrics_port
    mapping = places.monitoring / "airflow" / "statsd_mapping.yaml"
    flags = ("--port", str(port), "--statsd-port", str(settings.stack.statsd_port))
    return Part(
        "statsd",
        (sys.executable, "-m", "nextloop.stack.statsd", *flags, "--mapping", str(mapping)),
        {"AIRFLOW_METRICS_PORT": port},
        _url(port, "/metrics"),
        login=lambda: "what Airflow tells, for Prometheus",
    )


def _airflow(settings: Settings, places: Places) -> Part:
    port = settings.stack.airflow_port
    home = places.folder / "airflow"
    return Part(
        "airflow",
        (str(places.checkout / "scripts" / "airflow.sh"), "--port", str(port)),
        {"AIRFLOW_PORT": port},
        _url(port, "/api/v2/monitor/health"),
        _url(port),
        unwell='"unhealthy"',
        needs={str(places.checkout / ".venv-airflow" / "bin" / "airflow"): "make up"},
        variables={
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__NEXTLOOP__COMMAND": str(Path(sys.executable).with_name("nextloop")),
            # Else its components write their titles over the mark by which they are found again.
            "SPT_NOENV": "1",
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__STATSD_PORT": str(settings.stack.statsd_port),
            "AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "True",
            "AIRFLOW__METRICS__LEGACY_NAMES_ON": "False",
            "AIRFLOW__METRICS__STATSD_DISABLED_TAGS": "job_id,run_id",
        },
        login=lambda: _login(home / "simple_auth_manager_passwords.json.generated"),
        seconds=_AIRFLOW_SECONDS,
    )


def _node(settings: Settings, places: Places) -> Part:
    port = settings.stack.node_port
    return Part(
        "node",
        (
            "prometheus-node-exporter",
            f"--web.listen-address=127.0.0.1:{port}",
            f"--collector.textfile.directory={places.metrics}",
            # Debian's asks for services, which may not be there, and complains every time.
            "--no-collector.systemd",
        ),
        {"NODE_PORT": port},
        _url(port, "/"),
        needs={"prometheus-node-exporter": "scripts/monitoring.sh"},
    )


def _nginx(settings: Settings) -> Part:
    port = settings.stack.nginx_port
    return Part(
        "nginx",
        (sys.executable, "-m", "nextloop.cli", "rollout", "metrics", "--port", str(port)),
        {"NGINX_PORT": port},
        _url(port, "/metrics", asked_at(settings.rollout.inner_address)),
    )


def _events() -> Part:
    command = (sys.executable, "-m", "nextloop.cli", "events", "ship", "--every", "60")
    return Part("events", command, login=lambda: "brings callers' events to the landing")


def _messages(settings: Settings, places: Places) -> Part:
    port = settings.stack.messages_port
    flags = ("--port", str(port), "--log", str(places.messages))
    return Part(
        "messages",
        (sys.executable, "-m", "nextloop.stack.messages", *flags),
        {"MESSAGES_PORT": port},
        _url(port, "/"),
        login=lambda: f"in Slack's place: {places.messages}",
    )


def _alertmanager(settings: Settings, places: Places) -> Part:
    port, folder = settings.stack.alertmanager_port, places.folder / "alertmanager"
    return Part(
        "alertmanager",
        (
            "prometheus-alertmanager",
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ),
        {"ALERTMANAGER_PORT": port},
        _url(port, "/-/ready"),
        _url(port),
        needs={"prometheus-alertmanager": "scripts/monitoring.sh"},
        prepare=lambda: monitoring.write_alertmanager(settings, places),
    )


def _deadman(settings: Settings, places: Places) -> Part:
    port = settings.stack.deadman_port
    return Part(
        "deadman",
        (
            sys.executable,
            str(places.checkout / "deploy" / "monitoring" / "deadman.py"),
            "--slack-url-file",
            str(places.folder / "alertmanager" / "secrets" / "slack_page_url"),
            "--port",
            str(port),
            "--silence",
            str(settings.stack.silence_seconds),
        ),
        {"DEADMAN_PORT": port},
        _url(port, "/healthz"),
        login=lambda: "tells Slack when the monitoring is silent",
    )


def _prometheus(settings: Settings, places: Places) -> Part:
    port, folder = settings.stack.prometheus_port, places.folder / "prometheus"
    return Part(
        "prometheus",
        (
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=15d",
            # Alertmanager believes in an alert for four of these after Prometheus has died.
            f"--rules.alert.resend-delay={settings.stack.resend_seconds}s",
            f"--web.listen-address=127.0.0.1:{port}",
        ),
        {"PROMETHEUS_PORT": port},
        _url(port, "/-/ready"),
        _url(port),
        needs={"prometheus": "scripts/monitoring.sh"},
        prepare=lambda: monitoring.write_prometheus(settings, places),
    )


def _login(file: Path) -> str:
    """Say the first password to whoever may read the file, or else where it will be."""
    try:
        text = file.read_text("utf-8").strip()
    except OSError:
        return f"admin, password in {file}"
    found = _PASSWORD.search(text)
    return f"admin / {found[1] if found else text}"
