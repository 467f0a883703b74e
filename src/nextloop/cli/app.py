"""The `nextloop` command: its global options, its commands, and how it ends.

Comes in: arguments. Goes out: an exit code (0 done, 2 usage, 3 data, 4 system, 5 a bad release,
70 a bug, 130 interrupted, 141 nobody reads on) and, when it fails, a line that says what and one
what to do.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from nextloop import __version__
from nextloop.cli import (
    contract,
    demo,
    events,
    features,
    ingest,
    keys,
    models,
    output,
    rejects,
    rollout,
    serve,
    settings,
    simulate,
    spark_cluster,
    stack,
    tables,
    train,
)
from nextloop.cli import run as run_command
from nextloop.errors import NextLoopError, SystemFault, UsageFault

EXIT_BUG = 70  # sysexits.h EX_SOFTWARE
EXIT_INTERRUPTED = 130  # what a shell reports for SIGINT
EXIT_PIPE_CLOSED = 141  # and for SIGPIPE

_interrupted = threading.Event()

app = typer.Typer(
    name="nextloop",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        output.say(f"nextloop {__version__}")
        raise typer.Exit


@app.callback(epilog="Example: nextloop demo")
def nextloop(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of a fault, and what engines say.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, only results.")] = False,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file; nextloop.toml if left out.")
    ] = None,
    version: Annotated[  # noqa: ARG001 its callback prints and ends
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """From hotels' weekly order files to trusted tables, features and a served recommender."""
    output.set_quiet(quiet)
    if debug:  # `run` looks for the flag as well: faults come up there
        os.environ["NEXTLOOP_LOG_LEVEL"] = "debug"
    if config is not None:
        # By the environment, so that processes started from here read the same file.
        os.environ["NEXTLOOP_CONFIG"] = str(config)


# In the order in which the data passes.
app.command()(demo.demo)
app.command()(simulate.simulate)
app.add_typer(contract.app, name="contract")
app.command()(ingest.ingest)
app.add_typer(rejects.app, name="rejects")
app.command()(features.features)
app.command()(train.train)
app.add_typer(models.app, name="models")
app.command()(serve.serve)
app.add_typer(keys.app, name="keys")
app.add_typer(events.app, name="events")
app.add_typer(rollout.app, name="rollout")
app.command()(run_command.run)
app.add_typer(tables.app, name="tables")
app.add_typer(spark_cluster.app, name="spark-cluster")
app.add_typer(stack.app, name="stack")
app.command()(settings.settings)


def main() -> None:
    """Run the command that the arguments name and exit with its code."""
    signal.signal(signal.SIGINT, _interrupt)
    _leave(run(sys.argv[1:]))


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Remember that it was Ctrl-C: the embedded engine hears it too and may fail first."""
    _interrupted.set()
    raise KeyboardInterrupt


def _leave(code: int) -> NoReturn:
    """Exit without taking the interpreter down under the threads of engine, tables and model.

    One of theirs that still runs when a command fails would abort the process, and with it the
    exit code.
    """
    atexit._run_exitfuncs()  # noqa: SLF001 what an ordinary exit would run first
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run(arguments: list[str]) -> int:
    """Run a command and turn whatever happens into an exit code.

    Args:
        arguments: As typed after `nextloop`; global flags may stand anywhere.

    Returns:
        The exit code.
    """
    ordered = _globals_first(arguments)
    try:
        code = _call(ordered)
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("interrupted\n")
        return EXIT_INTERRUPTED
    except Exception as problem:  # noqa: BLE001 the last place where a fault can get its one line
        if _nobody_reads(problem):
            return EXIT_PIPE_CLOSED
        if "--debug" in ordered:
            import traceback

            traceback.print_exc()
        if _interrupted.is_set():
            sys.stderr.write("interrupted\n")
            return EXIT_INTERRUPTED
        return _report(problem)
    if code == EXIT_INTERRUPTED:  # Typer's answer to Ctrl-C
        sys.stderr.write("interrupted\n")
    return code if isinstance(code, int) else 0


def _call(arguments: list[str]) -> object:
    try:
        result = app(args=arguments, prog_name="nextloop", standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as ending:
        # Typer ends like this on any broken pipe, be it a socket's; ours is to look at first.
        if isinstance(ending.__context__, BrokenPipeError):
            raise ending.__context__ from None
        raise
    return result


def _nobody_reads(problem: Exception) -> bool:
    """Tell whether the reader of our output has gone, as `head` does; then stay quiet."""
    if not isinstance(problem, BrokenPipeError):
        return False
    output_number = 1
    poll = select.poll()
    poll.register(output_number, 0)  # errors are reported without asking for them
    gone = bool(poll.poll(0))
    if gone:  # keep Python from complaining once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), output_number)
    return gone


def _globals_first(arguments: list[str]) -> list[str]:
    """Let `nextloop demo --debug` mean `nextloop --debug demo`."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    flags = [flag for flag in ("--debug", "--quiet") if flag in own]
    return flags + [
        argument
        for place, argument in enumerate(arguments)
        if place >= len(own) or argument not in flags
    ]


def _report(problem: Exception) -> int:
    """Write the one line and the advice; give the exit code."""
    fault = _as_fault(problem)
    if not fault.message:  # the help that was asked for by giving nothing
        return fault.exit_code
    lines = [f"error: {fault.message}", *([f"  -> {fault.hint}"] if fault.hint else [])]
    sys.stderr.write("\n".join(" ".join(line.splitlines()) for line in lines) + "\n")
    return EXIT_BUG if type(fault) is NextLoopError else fault.exit_code


def _as_fault(problem: Exception) -> NextLoopError:
    if isinstance(problem, NextLoopError):
        return problem
    if isinstance(problem, typer.TyperException):
        return UsageFault(problem.format_message(), _help_of(problem))
    if isinstance(problem, OSError) and problem.strerror:
        where = f": {problem.filename}" if problem.filename else ""
        return SystemFault(f"{problem.strerror}{where}", "Check the path, its owner and the disk.")
    return NextLoopError(
        f"unexpected {type(problem).__name__}: {problem}",
        "This is a bug; run again with --debug and report what it prints.",
    )


def _help_of(problem: Exception) -> str:
    path = getattr(getattr(problem, "ctx", None), "command_path", "nextloop")
    return f"Try `{path} --help`."
