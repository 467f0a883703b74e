"""One run of the `nextloop` command: its lines in the log, its report, its end.

Comes in: arguments, an environment, a secret for its standard input. Goes out: the exit code, the
JSON report from its standard output, and what it said was wrong. Nothing of it outlives the task.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from nextloop_orchestration import leash

USAGE: Final = 2
DATA: Final = 3
# Airflow kills a task for good five seconds after it asked (supervisor.py, escalation_delay).
_STOP_SECONDS: Final = 3.0
_KEPT_LINES: Final = 20


@dataclass(frozen=True)
class Outcome:
    """How a command ended.

    Attributes:
        name: What was run, for messages.
        code: Its exit code; negative for the signal that ended it.
        report: Its JSON report, if it printed one.
        said: Its last error and advice, or its last line.
    """

    name: str
    code: int
    report: dict[str, Any] | None
    said: str


@dataclass
class Command:
    """A command and, while it runs, its processes.

    Attributes:
        arguments: The program and its arguments; no secret among them.
        environment: All of it.
        tell: Is told every line of its standard error.
        folder: Where it runs; here if None.
        secret: Given by standard input, the only place of it.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str]
    tell: Callable[[str], None]
    folder: str | None = None
    secret: bytes | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def run(self) -> Outcome:
        """Run it to its end."""
        last: deque[str] = deque(maxlen=_KEPT_LINES)
        with tempfile.TemporaryFile() as report:
            with self._started(report) as process:
                try:
                    for text in self._lines(process):
                        last.append(text)
                        self.tell(text)
                except BaseException:  # a timeout is raised here while it still runs
                    self.stop()
                    raise
            report.seek(0)
            name = name_of(self.arguments)
            return Outcome(name, process.returncode, parsed(report), what_is_wrong(last))

    def stop(self) -> None:
        """End it with all that it has started: ask, wait a little, then make sure."""
        if self._process is not None:
            end_group(self._process)

    def _started(self, report: IO[bytes]) -> subprocess.Popen[bytes]:
        self._process = start(
            self.arguments,
            env=dict(self.environment),
            cwd=self.folder,
            stdin=subprocess.DEVNULL if self.secret is None else subprocess.PIPE,
            stdout=report,
            stderr=subprocess.PIPE,
        )
        return self._process

    def _lines(self, process: subprocess.Popen[bytes]) -> Iterator[str]:
        if process.stdin is not None:
            # It may end before it reads; then its exit code tells.
            with suppress(BrokenPipeError), process.stdin as stream:
                stream.write(self.secret or b"")
        for line in process.stderr or ():
            yield line.decode("utf-8", "replace").rstrip()


def start(arguments: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own that does not outlive this process.

    Raises:
        AirflowFailException: The folder to start it in is not there.
    """
    command = [*leash_of(arguments[0]), *arguments[1:]]
    try:
        return subprocess.Popen(command, start_new_session=True, **options)  # noqa: S603 of ours
    except OSError as error:
        raise AirflowFailException(
            f"{arguments[0]} cannot be started in {options.get('cwd') or 'this folder'}: "
            f"{error.strerror}. Check AIRFLOW__NEXTLOOP__FOLDER on the workers."
        ) from error


def leash_of(program: str) -> list[str]:
    """Return what to run instead of a program, so that it ends with this process."""
    return [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), program]


def find(program: str, setting: str) -> str:
    """Return a program's path.

    Args:
        program: A path, or a name on PATH.
        setting: Of the `[nextloop]` section, that names it.

    Raises:
        AirflowFailException: There is no such program, or it may not be run.
    """
    if found := shutil.which(program):
        return found
    raise AirflowFailException(
        f"There is no {program} here, or it may not be run. Set AIRFLOW__NEXTLOOP__"
        f"{setting.upper()} to where it is on the workers."
    )


def end_group(process: subprocess.Popen[Any]) -> None:
    """End a process that leads a group, and the group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def check(outcome: Outcome) -> None:
    """Raise what Airflow shall make of an exit code.

    Raises:
        AirflowFailException: A retry would end the same way: usage (2) or data (3).
        AirflowException: Anything else; it is tried again.
    """
    if outcome.code == 0:
        return
    ended = f"was ended by signal {-outcome.code}" if outcome.code < 0 else "failed"
    message = f"{outcome.name} {ended} (exit code {outcome.code}). {outcome.said}".strip()
    if outcome.code in {USAGE, DATA}:
        raise AirflowFailException(message)
    raise AirflowException(message)


def name_of(arguments: Sequence[str]) -> str:
    """Name a command for messages: the program without its folder, and its subcommand."""
    words = [each for each in arguments[1:] if not each.startswith("-")]
    return " ".join([Path(arguments[0]).name, *words[:1]])


def parsed(report: IO[bytes]) -> dict[str, Any] | None:
    """Read a command's report; None if what it printed is no JSON object."""
    try:
        found = json.load(report)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def what_is_wrong(lines: Sequence[str]) -> str:
    """Pick the lines that tell: from the last `error:` on, else the last one."""
    starts = [number for number, line in enumerate(lines) if line.startswith("error:")]
    return " ".join(line.strip() for line in list(lines)[starts[-1] if starts else -1 :])
