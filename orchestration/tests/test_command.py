"""A command's lines, report and end; and that nothing of it outlives its task."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from nextloop_orchestration import command
from nextloop_orchestration.command import Command, Outcome

ENVIRONMENT = {"PATH": os.environ["PATH"]}


def shell(script: str, **more) -> Command:
    return Command(["/bin/sh", "-c", script], ENVIRONMENT, more.pop("tell", lambda _: None), **more)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not alive(pid)


def written(path: Path, seconds: float = 20) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if path.exists() and (text := path.read_text("utf-8")).endswith("\n"):
            return text.strip()
        time.sleep(0.05)
    raise AssertionError(f"{path} was not written")


def test_lines_are_told_as_they_come_and_the_report_is_read():
    """Standard error is the log, standard output the report."""
    told = []
    outcome = shell('echo one >&2; echo "{\\"rows\\": 3}"; echo two >&2', tell=told.append).run()
    assert told == ["one", "two"]
    assert (outcome.code, outcome.report, outcome.said) == (0, {"rows": 3}, "two")


def test_output_that_is_no_report_is_none():
    """Text, an empty output or a list is no report."""
    reports = [shell(f"printf '{text}'").run().report for text in ("hello", "", "[1]")]
    assert reports == [None, None, None]


def test_what_is_wrong_is_the_error_with_its_advice():
    """The last error and what follows it tell; other lines before it do not."""
    script = (
        "echo ingest ... >&2; echo error: no such folder >&2; echo '  -> Give one.' >&2; exit 2"
    )
    assert shell(script).run().said == "error: no such folder -> Give one."


@pytest.mark.parametrize("code", [2, 3])
def test_usage_and_data_faults_are_not_tried_again(code):
    """Exit codes 2 and 3 fail for good, with the command's own words."""
    with pytest.raises(
        AirflowFailException, match=rf"nextloop ingest failed \(exit code {code}\). no"
    ):
        command.check(Outcome("nextloop ingest", code, None, "no"))


@pytest.mark.parametrize("code", [1, 4, 70, 130, -9])
def test_other_ends_are_tried_again(code):
    """A system fault, a bug, an interrupt and a kill may not happen again."""
    with pytest.raises(AirflowException) as raised:
        command.check(Outcome("nextloop ingest", code, None, "no"))
    assert not isinstance(raised.value, AirflowFailException)


def test_a_secret_reaches_the_standard_input_and_nothing_else(tmp_path):
    """The command reads it; its arguments and its environment do not hold it."""
    script = f"cat > {tmp_path}/read; tr '\\0' '\\n' < /proc/$$/environ; cat /proc/$$/cmdline"
    made = shell(f"{{ {script}; }} > {tmp_path}/seen", secret=b"planted-secret")
    assert made.run().code == 0
    assert (tmp_path / "read").read_bytes() == b"planted-secret"
    assert b"planted-secret" not in (tmp_path / "seen").read_bytes()
    assert "planted-secret" not in " ".join(made.arguments)


def test_a_command_that_does_not_read_its_secret_ends_as_it_ends():
    """A closed standard input is no failure of its own."""
    assert shell("exec <&-; sleep 0.2; exit 4", secret=b"x" * 1000).run().code == 4


def test_a_missing_program_says_which_setting(tmp_path):
    """Not a traceback of subprocess, and no retry; nor for a file that may not be run."""
    (tmp_path / "nextloop").touch(mode=0o600)
    for program in ("/nowhere/nextloop", str(tmp_path / "nextloop")):
        with pytest.raises(AirflowFailException, match="AIRFLOW__NEXTLOOP__COMMAND"):
            command.find(program, "command")


def test_a_missing_folder_says_which_setting():
    """The program is there; where it was to run is not."""
    with pytest.raises(AirflowFailException, match=r"/nowhere: .*AIRFLOW__NEXTLOOP__FOLDER"):
        shell("true", folder="/nowhere").run()


def test_a_program_that_vanishes_is_a_failure_of_the_attempt():
    """It was found a moment ago: the next attempt may find it again."""
    outcome = Command(["/nowhere/nextloop"], ENVIRONMENT, print).run()
    assert (outcome.code, outcome.said[:40]) == (126, "error: /nowhere/nextloop cannot be run: ")


def test_stopping_ends_what_the_command_has_started(tmp_path):
    """The signal goes to the whole group."""
    # More to do after the wait: the shell must not end by itself when its child is gone.
    running = shell(f"sleep 300 & echo $! > {tmp_path}/pid; wait; sleep 300", tell=print)
    with_stop = _stopped_by_alarm(running, tmp_path / "pid")
    assert with_stop.code == -signal.SIGTERM
    assert gone(int(written(tmp_path / "pid")))


def test_stopping_makes_sure_where_the_signal_is_ignored(tmp_path):
    """What ignores SIGTERM is killed, before Airflow would kill the task."""
    running = shell(f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 1; done")
    assert _stopped_by_alarm(running, tmp_path / "pid").code == -signal.SIGKILL


def _stopped_by_alarm(running: Command, pid: Path) -> Outcome:
    """Stop a command from a signal's handler, as Airflow does."""

    def stop(*_: object) -> None:
        written(pid)
        running.stop()

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        return running.run()
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_timeout_raised_while_it_runs_ends_it(tmp_path):
    """Airflow raises its timeout inside `run`; the command does not go on behind it."""

    def late(*_: object) -> None:
        written(tmp_path / "pid")
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(TimeoutError):
            shell(f"echo $$ > {tmp_path}/pid; exec sleep 300").run()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert gone(int(written(tmp_path / "pid")))


def test_a_killed_task_takes_its_command_with_it(tmp_path):
    """`kill -9` of the task leaves no command that could still publish."""
    script = (
        "from nextloop_orchestration.command import Command\n"
        f"Command(['/bin/sh', '-c', 'echo $$ > {tmp_path}/pid; exec sleep 300'], {{}}, print).run()"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as task:
        pid = int(written(tmp_path / "pid", 60))
        assert alive(pid)
        task.kill()
    assert gone(pid)
