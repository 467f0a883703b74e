"""A service account's key lies in a private file, and nowhere once the job is gone."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nextloop.errors import UsageFault
from nextloop.storage.credentials import private_key_file

SECRET = "MIIEvQIBADANBgkqhkiG9w0BAQEF"
ACCOUNT = {
    "type": "service_account",
    "client_email": "batch@project.iam.gserviceaccount.com",
    "private_key_id": "4f2",
    "private_key": f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n",
    "token_uri": "https://oauth2.googleapis.com/token",
}
KEY = json.dumps(ACCOUNT)
DEADLINE = 60.0  # seconds until what must happen soon is said to have failed

# A job: reads its key, says where it keeps it, and lives until it is killed.
# What a shell runs behind itself, or under nohup, ignores signals and hands that on.
HOLD = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from nextloop.storage.credentials import private_key_file
with private_key_file(sys.stdin.read()) as path:
    {also}
    print(path, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's run-time folder, in which keys are kept."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


@contextmanager
def job(also: str = "pass") -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that holds the key; with the key's path."""
    command = [sys.executable, "-c", HOLD.format(also=also)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(KEY)
        process.stdin.close()
        path = Path(process.stdout.readline().strip())
        try:
            assert path.read_text() == KEY
            yield process, path
        finally:
            process.kill()


def guardian_of(process: subprocess.Popen[str]) -> int:
    """The guardian of a job."""
    return next(pid for pid in children(process.pid) if b"guardian.py" in told(pid, "cmdline"))


def children(parent: int) -> list[int]:
    """The processes that a process has started."""
    return [int(pid) for pid in told(parent, f"task/{parent}/children").split()]


def told(pid: int, name: str) -> bytes:
    """What the kernel tells of a process."""
    return Path(f"/proc/{pid}/{name}").read_bytes()


def gone_after(what: str, keys: Path) -> None:
    """Wait until no key's folder is left."""
    end = time.monotonic() + DEADLINE
    while list(keys.iterdir()):
        assert time.monotonic() < end, f"the key is still there after {what}"
        time.sleep(0.02)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_only_its_user_can_read_the_key(keys: Path, mask: int) -> None:
    """The file has mode 0600 in a folder of mode 0700, whatever the process's mask."""
    before = os.umask(mask)
    try:
        with private_key_file(KEY) as path:
            assert path.read_text() == KEY
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            assert path.parent.parent == keys
    finally:
        os.umask(before)


def test_the_key_goes_with_the_job(keys: Path) -> None:
    """After the block, ended well or not, neither the file, its folder nor a process is left."""
    with private_key_file(KEY):
        pass
    assert not list(keys.iterdir())
    with pytest.raises(ValueError, match="broken"), private_key_file(KEY):
        raise ValueError("broken")
    assert not list(keys.iterdir())
    assert not [pid for pid in children(os.getpid()) if b"guardian.py" in told(pid, "cmdline")]


@pytest.mark.parametrize("number", ["SIGKILL", "SIGTERM", "SIGHUP", "SIGINT", "SIGSEGV"])
def test_the_key_goes_when_the_job_is_killed(keys: Path, number: str) -> None:
    """Whatever signal ends the job's process group, the key's folder is gone soon after."""
    with job() as (process, _):
        os.killpg(process.pid, signal.Signals[number])
        process.wait()
        gone_after(number, keys)


def test_who_stops_everything_politely_does_not_keep_the_key(keys: Path) -> None:
    """A guardian that is asked to end goes on watching: the job may still be at work."""
    with job() as (process, path):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            os.kill(guardian_of(process), number)
        assert path.exists()
        process.kill()
        process.wait()
        gone_after("a polite stop", keys)


def test_a_key_that_nobody_guards_is_removed_by_the_next_job(keys: Path) -> None:
    """Where job and guardian were killed at once, the next job sweeps, and only what is dead."""
    with job() as (living, kept), job() as (process, left):
        os.kill(guardian_of(process), signal.SIGKILL)
        process.kill()
        process.wait()
        assert left.exists()
        with private_key_file(KEY):
            assert not left.parent.exists()
            assert kept.exists()
        living.kill()
        living.wait()
        gone_after("the last job", keys)


def test_a_forked_process_does_not_hold_the_key(keys: Path) -> None:
    """Workers that the job forked or started, and that outlive it, do not keep the key alive."""
    also = (
        "import os, subprocess; worker = os.fork()\n"
        "    if worker == 0: os.setsid(); time.sleep(600); os._exit(0)\n"
        "    started = subprocess.Popen(['sleep', '600'], close_fds=False)\n"
        "    print(worker, started.pid, flush=True, file=sys.stderr)"
    )
    with job(also) as (process, _):
        workers = [pid for pid in children(process.pid) if pid != guardian_of(process)]
        try:
            assert len(workers) == 2
            process.kill()
            process.wait()
            gone_after("kill -9 with living children", keys)
            assert all(Path(f"/proc/{pid}").exists() for pid in workers)
        finally:
            for pid in workers:
                os.kill(pid, signal.SIGKILL)


def test_a_forked_process_that_leaves_the_block_leaves_the_key(keys: Path) -> None:
    """Only the process that wrote the key removes it."""
    with private_key_file(KEY) as path:
        script = (
            "import os, sys\n"
            "from nextloop.storage.credentials import private_key_file\n"
            "with private_key_file(sys.stdin.read()) as path:\n"
            "    child = os.fork()\n"
            "    if child: os.waitpid(child, 0); there = path.exists()\n"
            "if child: print(there, path.exists())\n"
        )
        command = [sys.executable, "-W", "error", "-c", script]
        told_so = subprocess.run(command, input=KEY, capture_output=True, text=True, check=True)
        assert told_so.stdout.split() == ["True", "False"]
        assert path.exists()


def test_the_key_stands_in_no_process_listing(keys: Path) -> None:
    """Neither arguments nor environment of job, guardian and children hold the key."""
    also = "import subprocess; subprocess.Popen(['sleep', '600'])"
    with job(also) as (process, _):
        family = [process.pid, *children(process.pid)]
        assert len(family) == 3
        try:
            for pid in family:
                assert SECRET.encode() not in told(pid, "cmdline") + told(pid, "environ")
            assert told(guardian_of(process), "environ").count(b"\0") <= 1
        finally:
            for pid in family[1:]:
                if pid != guardian_of(process):
                    os.kill(pid, signal.SIGKILL)
        process.kill()
        process.wait()
        gone_after("the last job", keys)


def test_the_guardian_holds_nothing_of_the_job(keys: Path) -> None:
    """It has no descriptor but its pipe, so whoever reads the job's output sees its end."""
    with job() as (process, _):
        guardian = guardian_of(process)
        open_files = {
            link.name: str(link.readlink()) for link in Path(f"/proc/{guardian}/fd").iterdir()
        }
        assert open_files.pop("2") == "/dev/null"
        assert list(open_files) == ["0"]
        os.kill(guardian, signal.SIGSTOP)
        process.kill()
        assert process.stdout
        assert process.stdout.read() == ""
        os.kill(guardian, signal.SIGCONT)
        gone_after("a stopped guardian went on", keys)


def test_it_works_without_standard_streams(keys: Path, tmp_path: Path) -> None:
    """A job whose input and output are closed keeps its key, and what opens there is not it."""
    found = tmp_path / "found"
    script = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from nextloop.storage.credentials import private_key_file\n"
        f"with private_key_file({KEY!r}) as path:\n"
        "    first = os.open(os.devnull, os.O_RDONLY)\n"
        "    os.closerange(0, 3)\n"
        "    time.sleep(0.5)\n"
        f"    Path({str(found)!r}).write_text(f'{{first}} {{path.exists()}}')\n"
    )
    program = tmp_path / "job.py"
    program.write_text(script)
    command = ["sh", "-c", 'exec "$0" -W error "$1" <&- >&- 2>&-', sys.executable, str(program)]
    assert subprocess.run(command, check=False).returncode == 0
    assert found.read_text() == "0 True"
    assert not list(keys.iterdir())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "JSON"),
        (KEY[:-1], "JSON"),
        (f'"{SECRET}"', "JSON"),
        ("[" * 100_000, "JSON"),
        (json.dumps({**ACCOUNT, "type": "authorized_user"}), "service_account"),
        (json.dumps({**ACCOUNT, "private_key": None}), "lacks private_key"),
        (json.dumps({**ACCOUNT, "private_key": SECRET}), "PEM"),
        (json.dumps(ACCOUNT | {"private_key": ACCOUNT["private_key"].replace("\n", "\\n")}), "PEM"),
        (json.dumps({k: v for k, v in ACCOUNT.items() if k != "client_email"}), "client_email"),
    ],
)
def test_what_is_no_key_is_refused_without_showing_it(text: str, word: str, keys: Path) -> None:
    """A malformed key is a wrong use, and neither message nor traceback holds a part of it."""
    with pytest.raises(UsageFault, match=word) as refused, private_key_file(text):
        pass
    fault = refused.value
    shown = "".join(traceback.format_exception(fault)) + fault.hint
    assert SECRET not in shown
    assert fault.__context__ is None
    assert not list(keys.iterdir())
