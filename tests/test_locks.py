"""A file is held by one at a time, and by nobody for longer than the holder lives."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading

import pytest

from nextloop import locks
from nextloop.errors import SystemFault


def _busy(found):
    return SystemFault(f"held by {found}")


def test_another_is_told_what_the_holder_wrote(tmp_path):
    """The second is refused in its own words; after the first it gets the file."""
    with locks.held(tmp_path / "lock", _busy) as file:
        file.write("the first")
        file.flush()
        with pytest.raises(SystemFault, match="held by the first"):
            locks.held(tmp_path / "lock", _busy).__enter__()
    with locks.held(tmp_path / "lock", _busy) as file:
        assert file.read() == "the first"
        file.truncate(0)
        file.write("the second")
    assert (tmp_path / "lock").read_text() == "the second"


def test_another_waits_its_turn(tmp_path):
    """Without a fault to raise, the second goes on when the first is done."""
    order = []

    def second():
        with locks.held(tmp_path / "lock"):
            order.append("second")

    thread = threading.Thread(target=second)
    with locks.held(tmp_path / "lock"):
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join(20)
    assert order == ["first", "second"]


def test_holder_that_died_holds_nothing(tmp_path):
    """A process that ends inside the block leaves the file free."""
    code = (
        "import os, pathlib, sys; from nextloop import locks\n"
        "with locks.held(pathlib.Path(sys.argv[1])): os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "lock")], check=False)
    assert done.returncode == 9
    with locks.held(tmp_path / "lock", _busy):
        pass


@pytest.mark.parametrize(("asked", "found"), [({}, 0o600), ({"mode": 0o666}, 0o644)])
def test_file_is_its_owners_unless_asked_otherwise(tmp_path, asked, found):
    """Who can read a lock can hold it."""
    before = os.umask(0o022)
    try:
        with locks.held(tmp_path / "lock", **asked):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == found
