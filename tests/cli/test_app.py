"""The command line's manners: how it ends, what it says, where it says it."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys

import pytest
import typer

from nextloop import __version__
from nextloop.cli import app as cli
from nextloop.cli import output
from nextloop.errors import DataFault, NextLoopError, SystemFault, UsageFault


@pytest.fixture(autouse=True)
def _talkative():
    """Each test starts without --quiet."""
    yield
    output.set_quiet(quiet=False)


@pytest.fixture
def failing(monkeypatch):
    """Add a command `fail` that raises what the test wants."""

    def command_that_raises(problem: BaseException) -> None:
        scratch = typer.Typer(pretty_exceptions_enable=False)
        scratch.callback()(cli.nextloop)

        @scratch.command()
        def fail() -> None:
            raise problem

        monkeypatch.setattr(cli, "app", scratch)

    return command_that_raises


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (UsageFault("the flag is wrong", "Mend it."), 2),
        (DataFault("the file is wrong", "Mend it."), 3),
        (SystemFault("the port is taken", "Mend it."), 4),
    ],
)
def test_fault_is_one_line_and_one_piece_of_advice(failing, capsys, problem, code):
    """A fault gives its own exit code, its sentence, its advice and no traceback."""
    failing(problem)
    assert cli.run(["fail"]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"error: {problem.message}\n  -> Mend it.\n"


def test_message_of_several_lines_becomes_one(failing, capsys):
    """Line breaks in a message do not break the two-line form."""
    failing(DataFault("first\nsecond", "do\nthis"))
    cli.run(["fail"])
    assert capsys.readouterr().err == "error: first second\n  -> do this\n"


def test_bug_has_an_exit_code_of_its_own(failing, capsys):
    """What nobody foresaw is told apart from faults, and --debug is named."""
    failing(ZeroDivisionError("division by zero"))
    assert cli.run(["fail"]) == 70
    text = capsys.readouterr().err
    assert text.startswith("error: unexpected ZeroDivisionError: division by zero\n")
    assert "--debug" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("arguments", [["--debug", "fail"], ["fail", "--debug"]])
def test_debug_shows_the_traceback(failing, capsys, arguments):
    """--debug works before and after the command."""
    failing(DataFault("broken"))
    assert cli.run(arguments) == 3
    text = capsys.readouterr().err
    assert "Traceback" in text
    assert text.endswith("error: broken\n")


def test_system_refusal_names_the_path(failing, capsys):
    """A full disk or a missing right is a system fault with the path in it."""
    failing(OSError(errno.ENOSPC, "No space left on device", "/lake/orders"))
    assert cli.run(["fail"]) == 4
    assert "No space left on device: /lake/orders" in capsys.readouterr().err


def test_broken_socket_is_a_system_fault(failing, capsys):
    """A broken pipe that is not our output's is told."""
    failing(BrokenPipeError(errno.EPIPE, "Broken pipe"))
    assert cli.run(["fail"]) == 4
    assert capsys.readouterr().err.startswith("error: Broken pipe")


def test_interrupt_ends_with_130(failing, capsys):
    """Ctrl-C ends at once, without a traceback."""
    failing(KeyboardInterrupt())
    assert cli.run(["fail"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_base_fault_counts_as_a_bug(failing):
    """A fault that nobody classified is a bug."""
    failing(NextLoopError("unclassified"))
    assert cli.run(["fail"]) == 70


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "nonsense"),
        (["settings", "--colour"], "--colour"),
        (["--config"], "--config"),
    ],
)
def test_usage_error_names_the_argument_and_the_help(capsys, arguments, says):
    """A mistyped command or option gives exit code 2 and the way to the help."""
    assert cli.run(arguments) == 2
    text = capsys.readouterr().err
    assert text.startswith("error: ")
    assert says in text
    assert "--help" in text


def test_settings_shows_values_and_where_they_come_from(capsys, monkeypatch):
    """`settings --json` has every setting with its value and source; secrets are masked."""
    secret = "an-entirely-secret-key-of-32-chars"
    monkeypatch.setenv("NEXTLOOP_PRIVACY__GUEST_KEY", secret)
    monkeypatch.setenv("NEXTLOOP_SERVING__PORT", "9001")
    assert cli.run(["settings", "--json"]) == 0
    text = capsys.readouterr().out
    found = json.loads(text)
    assert secret not in text
    assert found["privacy.guest_key"]["value"] == "********"
    assert found["serving.port"] == {"value": 9001, "source": "environment NEXTLOOP_SERVING__PORT"}
    assert found["spark"] == {"value": "sail", "source": "default"}


def test_settings_table_names_each_setting(capsys):
    """Without --json the same stands in a table."""
    assert cli.run(["settings"]) == 0
    captured = capsys.readouterr()
    assert "orders.timezone" in captured.out
    assert "Asia/Seoul" in captured.out


def test_config_option_names_the_file(capsys, tmp_path, monkeypatch):
    """--config reads that file and the table says so."""
    monkeypatch.setenv("NEXTLOOP_CONFIG", "")  # so that it is restored after the test
    (tmp_path / "site.toml").write_text("spark = 'local[2]'\n")
    assert cli.run(["--config", "site.toml", "settings", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["spark"] == {
        "value": "local[2]",
        "source": "site.toml",
    }


def test_wrong_setting_stops_with_usage_code(capsys, monkeypatch):
    """A wrong value ends with 2 and says what is allowed."""
    monkeypatch.setenv("NEXTLOOP_SPARK", "yarn")
    assert cli.run(["settings"]) == 2
    assert "Allowed: sail" in capsys.readouterr().err


def test_quiet_keeps_results_and_drops_notes(capsys):
    """--quiet works after the command too; the table stays."""
    assert cli.run(["settings", "--quiet"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "spark" in captured.out


def test_version_is_printed(capsys):
    """--version prints name and version."""
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"nextloop {__version__}\n"


def _names(group: typer.Typer) -> list[str]:
    return [
        str(each.name or getattr(each.callback, "__name__", ""))
        for each in group.registered_commands
    ]


def _commands() -> list[list[str]]:
    """Every way to ask for help: the program, its commands, its groups and their commands."""
    found = [[], *([name] for name in _names(cli.app))]
    for group in cli.app.registered_groups:
        assert group.typer_instance is not None
        found += [
            [str(group.name)],
            *([str(group.name), name] for name in _names(group.typer_instance)),
        ]
    return found


@pytest.mark.parametrize("command", _commands(), ids=" ".join)
def test_every_command_teaches_by_an_example(command, capsys):
    """--help of each command shows how it is typed."""
    assert cli.run([*command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "Usage: nextloop" in text
    if command not in (
        ["models"],
        ["tables"],
        ["contract"],
        ["events"],
        ["keys"],
        ["rejects"],
        ["rollout"],
        ["spark-cluster"],
        ["stack"],
    ):
        assert "Example: " in text


def _start(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], check=False, text=True, timeout=60, **options
    )


def test_help_starts_without_the_heavy_libraries():
    """--help loads no engine, model, tracking, table or web library: it has to be quick."""
    heavy = [
        "pyspark", "mlflow", "pandas", "pyarrow", "numpy", "lightgbm", "fastapi", "deltalake",
        "pydantic", "structlog",
    ]  # fmt: skip
    code = (
        "import sys; from nextloop.cli import app; app.run(['--help']);"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = _start("-c", code, stdout=subprocess.PIPE)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "[]"


def test_reader_that_goes_away_is_no_error():
    """`nextloop settings | head -0` ends quietly, as a command killed by SIGPIPE would."""
    read, write = os.pipe()
    os.close(read)
    done = _start("-m", "nextloop.cli", "settings", "--json", stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert done.returncode == 141
    assert done.stderr == ""


def test_no_color_is_honoured():
    """With NO_COLOR no escape codes are written even where a terminal is forced."""
    environment = os.environ | {"NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    done = _start("-m", "nextloop.cli", "settings", stdout=subprocess.PIPE, env=environment)
    assert done.returncode == 0
    assert "\x1b[3" not in done.stdout


def test_interrupt_while_the_program_is_still_loading():
    """Ctrl-C in the first moments ends as it does later: one word, exit code 130."""
    code = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'nextloop.cli.app': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "from nextloop.cli.entry import main\n"
        "main()\n"
    )
    ended = _start("-c", code, capture_output=True)
    assert (ended.returncode, ended.stderr) == (130, "interrupted\n")
