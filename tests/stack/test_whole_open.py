"""What a whole stack lets a stranger do and see: nothing but what is listed here."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.error
import urllib.request

import pytest
from tests.stack.driving import known_guest, until
from tests.stack.listening import listening, processes
from tests.stack.planted import found_in_files

pytestmark = pytest.mark.timeout(900)
# Ports that ask nobody who they are, and why they may: each is on the loopback here, and on the
# private network behind the firewall elsewhere.
OPEN = {
    "inner_port": "metrics of the slots, for Prometheus",
    "nginx_port": "counts of answers, for Prometheus",
    "node_port": "metrics of the machine, for Prometheus",
    "mlflow_metrics_port": "counts of requests, for Prometheus",
    "airflow_metrics_port": "counts of tasks, for Prometheus",
    "statsd_port": "takes Airflow's counts, answers nothing",
    "prometheus_port": "metrics, for who is on this machine; it has no users",
    "alertmanager_port": "alerts, likewise",
    "deadman_port": "takes the heartbeat, says whether it lives",
    "messages_port": "takes messages, shows none",
}
CLOSED = {"port", "mlflow_port", "airflow_port", "database_port"}
# Of Airflow's API, what says that it lives and of which release, and by which one signs in.
OPEN_PATHS = {
    "/api/v2/monitor/health",
    "/api/v2/version",
    "/api/v2/auth/login",
    "/api/v2/auth/logout",
}


def status_of(address, *, method="GET", data=None):
    """Tell how a stranger is answered."""
    headers = {"Content-Type": "application/json"} if data else {}
    request = urllib.request.Request(address, data, headers, method=method)  # noqa: S310 loopback
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 the same
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_every_port_is_known_and_on_this_machine_only(whole):
    """What the processes listen on is what the settings say, on the loopback."""
    found = listening(whole.folder)
    # Nothing stands in Slack's place here: messages go to one.
    wanted = {
        whole.port(name) for name in (OPEN.keys() | CLOSED) - {"messages_port", "statsd_port"}
    }
    assert {socket.port for socket in found if socket.kind == "tcp"} == wanted
    assert [socket for socket in found if not socket.loopback and socket.kind == "tcp"] == []
    # Others of its datagram sockets only send.
    told = [socket for socket in found if socket.port == whole.port("statsd_port")]
    assert [socket.loopback for socket in told] == [True]


def test_strangers_are_refused(whole, airflow):
    """The API, MLflow, Airflow's whole API and the database want to know who asks."""
    front = f"http://127.0.0.1:{whole.port('port')}"
    body = json.dumps({"hotel_seq": known_guest(whole)[0]}).encode()
    # The first key was just made, which a process sees within a second.
    until(lambda: status_of(f"{front}/v1/recommendations", method="POST", data=body) == 401, 5)
    assert status_of(f"{front}/v1/hotels/1/items") == 401
    assert status_of(f"{front}/metrics") == 404
    mlflow = f"http://127.0.0.1:{whole.port('mlflow_port')}"
    for path in ("/", "/metrics", "/api/2.0/mlflow/experiments/search?max_results=1"):
        assert status_of(mlflow + path) == 401
    with urllib.request.urlopen(f"{airflow.url}/openapi.json", timeout=60) as answer:  # noqa: S310 the same
        paths = json.load(answer)["paths"]
    opened = set()
    for path, verbs in paths.items():
        for verb in verbs.keys() & {"get", "post", "put", "patch", "delete"}:
            asked = airflow.url + re.sub(r"\{[^}]*\}", "1", path)
            if status_of(asked, method=verb.upper(), data=b"{}" if verb != "get" else None) not in {
                401, 403,
            }:  # fmt: skip
                opened.add(path)
    assert len(paths) > 50
    assert opened <= OPEN_PATHS
    address = f"postgresql://postgres@127.0.0.1:{whole.port('database_port')}/postgres"
    said = subprocess.run(
        ["psql", "-w", address],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert said.returncode
    assert "no pg_hba.conf entry" in said.stderr


def test_secrets_are_in_no_log_list_or_artifact(whole, week, airflow):
    """Each is where it is kept, and nowhere else: not in tables, models, logs, command lines."""
    folder = whole.folder
    kept: dict[str, set[str]] = {
        whole.webhook: {
            "alertmanager/secrets/slack_page_url",
            "alertmanager/secrets/slack_ticket_url",
        },
        (folder / "guest.key").read_text().strip(): {"guest.key"},
        airflow.password: {f"airflow/{airflow.passwords.name}"},
        whole.key: set(),
    }
    for name in ("admin.password", "client.password", "session.key"):
        kept[(folder / "mlflow" / name).read_text().strip()] = {f"mlflow/{name}"}
    database = (folder / "mlflow" / "database.password").read_text().strip()
    kept[database] = {"mlflow/database.password", "mlflow/pgpass"}
    assert all(len(secret) >= 16 for secret in kept)
    assert all(found_in_files(folder, {secret: ()}) for secret, at in kept.items() if at)
    assert found_in_files(folder, kept) == {}
    listed = b"\0".join((entry / "cmdline").read_bytes() for entry in processes(folder))
    assert [secret for secret in kept if secret.encode() in listed] == []
    assert whole.database
    assert found_in_files(whole.database, dict.fromkeys(kept, ())) == {}


def test_no_password_is_a_default_one(whole, airflow):
    """All that people sign in with was made at random for this stack."""
    known = {"admin", "airflow", "password", "password1234", "mlflow", "postgres", "nextloop"}
    for name in ("admin", "client", "database"):
        assert (whole.folder / "mlflow" / f"{name}.password").read_text().strip() not in known
    for word in known:
        account = json.dumps({"username": "admin", "password": word}).encode()
        request = urllib.request.Request(  # noqa: S310 loopback
            f"{airflow.url}/auth/token", account, {"Content-Type": "application/json"}
        )
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(request, timeout=30)  # noqa: S310 the same
