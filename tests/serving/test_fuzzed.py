"""The real process, asked everything that its own description allows, and much that it does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.serving.conftest import KEY

from nextloop.serving import keys
from nextloop.serving.background import run_in_background

# Not `positive_data_acceptance`: a schema cannot say that a check-out comes after its check-in, and
# takes 1.0 for an integer.
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance,negative_data_rejection,"
    "unsupported_method,allow_header_conformance,ignored_auth"
)


@pytest.mark.timeout(300)
def test_every_answer_is_described(lake, tmp_path):
    """No 5xx, no status, header, type or shape beside the description; wrong is refused.

    Everything is asked with a key, and once more without and with a wrong one.
    """
    key, _ = keys.add(tmp_path / "keys.json", "fuzzer", None)
    environment = {
        "NEXTLOOP_PRIVACY__GUEST_KEY": KEY.decode(),
        "NEXTLOOP_SERVING__KEYS_FILE": str(tmp_path / "keys.json"),
        "NEXTLOOP_SERVING__EVENTS_FOLDER": str(tmp_path / "events"),
        "NEXTLOOP_SERVING__RATE_PER_SECOND": "1000000",
        "NEXTLOOP_SERVING__RATE_BURST": "1000000",
    }
    with run_in_background(["--lake", str(lake)], environment=environment) as api:
        flags = ["--checks", CHECKS, "--max-examples", "100", "--seed", "1", "--no-color"]
        done = subprocess.run(
            [str(Path(sys.executable).with_name("schemathesis")), "run", f"{api.url}/openapi.json",
             "--header", f"Authorization: Bearer {key}", *flags],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert any((tmp_path / "events").iterdir())
