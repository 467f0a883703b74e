"""The operator of every step: one `nextloop` command in the project's own environment.

Comes in: arguments, templated. Goes out: the command's report as XCom, or the
right kind of failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowException

from nextloop_orchestration import command, project, settings
from nextloop_orchestration.command import Command, Outcome
from nextloop_orchestration.surroundings import KEY_FILE, Surroundings, surroundings


class NextLoopOperator(BaseOperator):
    """Run a command and return its report.

    Exit codes: 0 is success; 2 (usage) and 3 (data) fail without a retry; everything else is tried
    again. Killing the task ends the command with all that it has started.

    Args:
        arguments: As typed after `nextloop`; `--json` is added.
        refusals_are_reported: Exit code 3 with a report is success: what was wrong is in the
            report, and another task fails on it after the good part has gone on.
    """

    template_fields: Sequence[str] = ("arguments",)
    ui_color = "#e8f0e4"

    def __init__(
        self, *, arguments: Sequence[str], refusals_are_reported: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.arguments = list(arguments)
        self.refusals_are_reported = refusals_are_reported
        self._running: Command | None = None
        self._killed = False

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the command."""
        self.log.info("nextloop %s", " ".join(self.arguments))
        outcome = self.run_command(context)
        if not (outcome.code == command.DATA and outcome.report and self.refusals_are_reported):
            command.check(outcome)
        if outcome.report is None:
            raise AirflowException(f"{outcome.name} ended well but printed no JSON report.")
        return outcome.report

    def on_kill(self) -> None:
        """End the command; Airflow calls it when a task is killed or takes too long."""
        self._killed = True
        if self._running is not None:
            self._running.stop()

    def run_command(self, context: Context) -> Outcome:  # noqa: ARG002 the submit operator's needs it
        """Run the command in the project's environment."""
        found = self.found
        self.check_alive()
        variables = found.variables | ({KEY_FILE: "-"} if found.key else {})
        self._running = Command(
            [self.program, *self.arguments, "--json"],
            variables,
            lambda line: self.log.info("%s", line),
            self.options.folder or None,
            found.key,
        )
        return self._running.run()

    def check_alive(self) -> None:
        """Start nothing more once the task was told to end.

        Raises:
            AirflowException: It was.
        """
        if self._killed:
            raise AirflowException("The task was ended before its command started.")

    @cached_property
    def options(self) -> settings.Settings:
        """The `[nextloop]` section."""
        return settings.load()

    @cached_property
    def program(self) -> str:
        """The project's command, as a path."""
        return command.find(self.options.command, "command")

    @cached_property
    def found(self) -> Surroundings:
        """What the command is given; asks for a key only where it needs one."""
        return surroundings(self.options.google_connection, buckets=self.buckets)

    @cached_property
    def buckets(self) -> bool:
        """Whether the landing or the lake is on Google Cloud Storage."""
        return any(self.project[name].startswith("gs://") for name in ("landing", "lake"))

    @cached_property
    def project(self) -> dict[str, Any]:
        """The project's own settings in force where the command runs."""
        return project.settings_in_force(self.program, self.options.folder)
