"""What must not be in the repository: secrets, and settings of one machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The forms in which keys of services that we use or send to are handed out.
SECRETS = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]",
    "Google API key": r"AIza[0-9A-Za-z_-]{35}",
    "AWS key": r"AKIA[0-9A-Z]{16}",
    "GitHub token": r"gh[pousr]_[0-9A-Za-z]{36}",
    "Slack token or hook": r"xox[abprs]-[0-9A-Za-z-]{10,}|hooks\.slack\.com/services/T[0-9A-Z]{8,}",
}
LARGEST_BYTES = 1_000_000


def _tracked() -> list[Path]:
    """List git's files; a folder that is no checkout, such as an unpacked archive, has none."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("kind", SECRETS)
def test_no_secret_is_committed(kind):
    """No tracked file holds what looks like a key, token or hook."""
    pattern = re.compile(SECRETS[kind].encode())
    assert [path.name for path in _tracked() if pattern.search(path.read_bytes())] == []


def test_patterns_find_what_they_are_for():
    """The patterns match made-up secrets of each form."""
    made_up = {
        "private key": "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIE",
        "Google API key": "AIza" + "a" * 35,
        "AWS key": "AKIA" + "A" * 16,
        "GitHub token": "ghp_" + "a" * 36,
        "Slack token or hook": "xoxb-" + "1" * 12,
    }
    assert all(re.search(SECRETS[kind], text) for kind, text in made_up.items())


def test_no_tracked_file_is_ignored_or_huge():
    """Locks of machines, keys and results stay out, and nothing is over a megabyte."""
    tracked = _tracked()
    assert not {"uv.lock", "nextloop.toml", ".env"} & {path.name for path in tracked}
    assert [path.name for path in tracked if path.stat().st_size > LARGEST_BYTES] == []
