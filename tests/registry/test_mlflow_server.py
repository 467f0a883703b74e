"""The server that `make mlflow` starts: who gets in, what lies open, what it runs as."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import httpx
import pytest
from tests.registry.mlflow_server import ROOT

from nextloop import settings as settings_tree
from nextloop.errors import DataFault, SystemFault, UsageFault
from nextloop.registry import artifact, fetching, lifecycle, manifest
from nextloop.registry.resolve import resolve
from nextloop.registry.store import locate

pytestmark = pytest.mark.mlflow
# What says that the server is there and of which release and store; files of its pages.
OPEN = {
    "/health", "/version", "/api/3.0/mlflow/server-info", "/ajax-api/3.0/mlflow/server-info",
    "/static-files/x", "/favicon.ico",
}  # fmt: skip


@pytest.fixture
def url(server):
    return server["mlflow.tracking_uri"]


@pytest.fixture
def folder(server):
    return Path(server["mlflow.password_file"]).parent


@pytest.fixture
def own(on_server, again, folder):
    """A version of the test's own on the server, and its files there."""
    ref = again(on_server, text=os.urandom(8).hex())[3]
    return ref, folder / "artifacts" / ref.place.removeprefix("mlflow-artifacts:/")


def test_no_route_answers_a_stranger(url):
    """Every route that the server has, of both its frameworks, says 401 without a user."""
    listed = subprocess.run(
        [ROOT / ".venv-mlflow/bin/python", Path(__file__).with_name("list_routes.py")],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
        env={
            **os.environ,
            "_MLFLOW_SGI_NAME": "uvicorn",  # as the server itself tells its application
            "MLFLOW_FLASK_SERVER_SECRET_KEY": "x",
            "MLFLOW_AUTH_ADMIN_PASSWORD": "only to list routes",
        },
    )
    routes = json.loads(listed.stdout)
    assert len(routes) > 400
    assert [path for _, path in routes if "jobs" in path]
    assert [path for _, path in routes if path.endswith("/v1/traces")]
    with httpx.Client(base_url=url, timeout=30) as client:
        answered = {(m, p): client.request(m, p).status_code for m, p in routes if p not in OPEN}
    assert {each: code for each, code in answered.items() if code not in {401, 403}} == {}


@pytest.mark.parametrize("password", ["", "password", "password1234", "admin"])
def test_no_usual_password_is_let_in(url, password):
    """There is no default password."""
    path = f"{url}/api/2.0/mlflow/users/get?username=admin"
    assert httpx.get(path, auth=("admin", password)).status_code == 401


def test_another_host_name_is_refused(url):
    """A page that points its own name at this machine gets nothing."""
    assert httpx.get(url, headers={"Host": "evil.example"}).status_code == 403


def test_what_is_secret_is_its_users_alone(folder):
    """Passwords and keys have mode 0600, and none is seen in the list of processes."""
    secrets = [p for p in folder.iterdir() if p.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    seen = b"".join(
        path.read_bytes()
        for name in ("cmdline",)
        for path in Path("/proc").glob(f"[0-9]*/{name}")
        if path.exists()
    )
    for name in ("admin.password", "client.password", "database.password", "session.key"):
        assert (folder / name).read_bytes().strip() not in seen


def test_nextloop_signs_in_as_no_admin(server, url):
    """Its user may not make or see other users."""
    password = Path(server["mlflow.password_file"]).read_text().strip()
    body = {"username": "another", "password": "long enough for it"}
    made = httpx.post(f"{url}/api/2.0/mlflow/users/create", json=body, auth=("nextloop", password))
    assert made.status_code == 403


def test_a_wrong_login_is_told_with_what_to_set(on_server, tmp_path):
    """The fault names the variables, and no password."""
    (tmp_path / "wrong").write_text("wrong password")
    flags = {
        "lake": on_server.lake,
        "mlflow.tracking_uri": on_server.mlflow.tracking_uri,
        "mlflow.username": "nextloop",
    }
    with pytest.raises(SystemFault) as fault:
        resolve("4", settings_tree.load({**flags, "mlflow.password_file": str(tmp_path / "wrong")}))
    assert "NEXTLOOP_MLFLOW__PASSWORD_FILE" in fault.value.hint
    assert "wrong password" not in fault.value.message
    with pytest.raises(UsageFault, match="has no password"):
        locate(settings_tree.load(flags))


def test_models_are_fetched_once_and_kept(own, on_server):
    """Without the server's files, what was fetched still resolves and is checked."""
    ref, there = own
    lifecycle.promote(on_server, ref.version, "first")
    (there / "trees.txt").rename(there / "away.txt")
    found = resolve("production", on_server)
    assert artifact.read(found.bundle_folder, found.digest)["trees.txt"] == b"tree"


def poison_extra(folder):
    (folder / "evil.pkl").write_bytes(b"cposix\nsystem\n(S'touch canary'\ntR.")


def poison_swapped(folder):
    (folder / "trees.txt").write_bytes(b"evil")


def poison_longer(folder):
    (folder / "trees.txt").write_bytes(b"evil and longer")


def poison_missing(folder):
    (folder / "trees.txt").unlink()


def poison_sealed_again(folder):
    (folder / "trees.txt").write_bytes(b"evil")
    files = {p.name: p.read_bytes() for p in folder.iterdir() if p.name != manifest.MANIFEST}
    (folder / manifest.MANIFEST).write_bytes(manifest.encode(manifest.describe(files)))


@pytest.mark.parametrize(
    ("poison", "why"),
    [
        (poison_extra, "an extra file 'evil.pkl'"),
        (poison_swapped, "'trees.txt' is not the file that was stored"),
        (poison_longer, "'trees.txt' is not the file that was stored"),
        (poison_missing, "no file 'trees.txt'"),
        (poison_sealed_again, "its digest is"),
    ],
)
def test_what_was_poisoned_on_the_server_is_not_fetched(own, on_server, tmp_path, poison, why):
    """It is refused with the reason, nothing of it is kept, and production stays."""
    ref, there = own
    flags = on_server.model_copy(
        update={"mlflow": on_server.mlflow.model_copy(update={"model_cache": tmp_path / "empty"})}
    )
    poison(there)
    with pytest.raises(DataFault, match=why):
        lifecycle.promote(flags, ref.version, "x")
    assert not list((tmp_path / "empty").glob("*"))
    assert lifecycle.history(flags) == []


@pytest.mark.parametrize(
    "place",
    [
        "http://evil.example/x", "mlflow-artifacts://evil.example/1", "s3://bucket/x",
        "mlflow-artifacts:/1/../../etc", "gs://bucket/x?y", "file:///etc",
    ],
)  # fmt: skip
def test_no_tag_sends_us_anywhere_else(place):
    """Only the server's own artifacts and buckets are fetched from."""
    assert not fetching.is_address(place)
