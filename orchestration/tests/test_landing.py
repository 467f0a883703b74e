"""The landing's order files, in a folder and in a bucket alike."""

from __future__ import annotations

import json
import subprocess

import pytest
from airflow.sdk.exceptions import AirflowFailException

from nextloop_orchestration.landing import order_files, summary
from stations import DEV, bucket_server, make_bucket, upload

NAMES = ["2026/w46.csv", "w45.CSV.gz", "w44.csv", ".w43.csv", "notes.txt", "2026/.hidden.csv.gz"]
ORDER_FILES = ["2026/w46.csv", "w44.csv", "w45.CSV.gz"]


@pytest.fixture(params=["folder", "bucket"])
def landing(request, tmp_path, monkeypatch):
    """A landing with order files and other things in it."""
    if request.param == "folder":
        for name in NAMES:
            (tmp_path / "landing" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "landing" / name).touch()
        yield str(tmp_path / "landing")
        return
    connection = {"conn_type": "google_cloud_platform", "extra": {"is_anonymous": True}}
    monkeypatch.setenv("AIRFLOW_CONN_LANDING", json.dumps(connection))
    with bucket_server() as url:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        make_bucket(url, "hotels")
        for name in NAMES:
            upload(url, "hotels", f"orders/{name}", b"x")
        upload(url, "hotels", "orders-old/w01.csv", b"x")
        yield "gs://hotels/orders"


def test_order_files_are_listed_by_name(landing):
    """Folders below count; hidden and other files do not, nor a prefix that only begins alike."""
    assert order_files(landing, "landing") == ORDER_FILES


def test_the_list_is_what_the_project_takes_in(landing):
    """Airflow's hook and the project's own listing mean the same files."""
    code = (
        "import json, sys; from nextloop.storage.landing import list_landing; "
        "print(json.dumps([file.name for file in list_landing(sys.argv[1])]))"
    )
    command = [DEV / "python", "-c", code, landing]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout) == order_files(landing, "landing")


def test_a_place_may_be_an_address_or_relative(tmp_path):
    """file:// and a path relative to the project's folder name the same landing."""
    (tmp_path / "a landing").mkdir()
    (tmp_path / "a landing" / "w.csv").touch()
    assert order_files(f"file://{tmp_path}/a%20landing", "") == ["w.csv"]
    assert order_files("a landing", "", str(tmp_path)) == ["w.csv"]


def test_nothing_to_read_is_said_without_a_retry(tmp_path):
    """A folder that is missing or empty does not fill itself."""
    with pytest.raises(AirflowFailException, match="NEXTLOOP_LANDING"):
        order_files(str(tmp_path / "none"), "")
    (tmp_path / "empty").mkdir()
    with pytest.raises(AirflowFailException, match="holds no order file"):
        order_files(str(tmp_path / "empty"), "")


def test_a_long_list_is_summed_up():
    """What every task carries along stays small."""
    many = [f"w{number:04}.csv" for number in range(2000)]
    assert summary(many) == {"files": 2000, "last": many[-50:]}
