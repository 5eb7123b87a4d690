"""The command line's own promises; each command is tested beside its module."""

import errno
import importlib.metadata
import json
import subprocess
import sys
import types
from collections.abc import Callable

import pytest

from chain.errors import ExportError, PolicyError
from portal import cli
from sample_data.csv_input import InputError, Problem


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.argv = ['gridproof', *{arguments!r}]; from portal.cli import main; main()"
    return subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)


def ended(monkeypatch: pytest.MonkeyPatch, command: Callable[[], None]) -> int | str | None:
    """The exit code of `gridproof demo` when the command does what `command` does."""
    module = types.ModuleType("a_command")
    vars(module)["demo"] = command
    monkeypatch.setitem(sys.modules, "a_command", module)
    monkeypatch.setattr(cli, "COMMANDS", (cli.Command("demo", "a_command:demo", "", ""), cli.COMMANDS[1]))
    monkeypatch.setattr(sys, "argv", ["gridproof", "demo"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return end.value.code


def test_help_names_every_command_and_what_it_is_for() -> None:
    shown = run("--help")
    assert shown.returncode == 0
    for command in cli.COMMANDS:
        assert command.name in shown.stdout


def test_help_loads_no_engine_and_no_command() -> None:
    code = (
        "import sys, json; sys.argv = ['gridproof', '--help']\n"
        "from portal.cli import main\n"
        "try: main()\n"
        "except SystemExit: sys.stderr.write(json.dumps(sorted(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(json.loads(shown.stderr))
    assert loaded & {"chain", "queries", "polars", "duckdb", "streamlit", "pandas", "portal.commands"} == set()


@pytest.mark.parametrize("name", [command.name for command in cli.COMMANDS])
def test_every_command_of_the_table_exists_and_explains_itself(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gridproof", name, "--help"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0
    assert f"gridproof {name}" in capsys.readouterr().out


def test_no_command_at_all_shows_the_help_and_exits_2() -> None:
    assert run().returncode == 2


def test_a_misspelt_command_is_answered_with_the_right_one() -> None:
    answered = run("verifi", "week")
    assert answered.returncode == 2
    assert "verify" in answered.stderr
    assert "Traceback" not in answered.stderr


def test_the_version_is_that_of_the_distribution() -> None:
    assert run("--version").stdout == f"gridproof {importlib.metadata.version('gridproof')}\n"


MISTAKES: dict[str, tuple[Exception, int, str]] = {
    "foreign export": (ExportError("foreign", "this is not an export of ours", "week"), 1, "week: this is not an"),
    "unsafe policy": (PolicyError("quorum", "two quorums may share nobody", "policy"), 1, "two quorums may share"),
    "wrong input": (InputError([Problem("a.csv", 7, "load_wh", "is negative")], 1), 2, "a.csv:7: load_wh: is negative"),
    "disk full": (OSError(errno.ENOSPC, "No space left on device", "week"), 1, "the disk of week is full"),
    "not writable": (
        PermissionError(errno.EACCES, "Permission denied", "week"),
        1,
        "not allowed to read or write",
    ),
    "read-only": (OSError(errno.EROFS, "Read-only file system", "week"), 1, "not allowed to read or write"),
    "port taken": (OSError(errno.EADDRINUSE, "Address already in use"), 1, "that port is taken"),
    "not there": (FileNotFoundError(errno.ENOENT, "No such file or directory", "week"), 1, "week does not exist"),
    "there already": (FileExistsError(errno.EEXIST, "File exists", "week"), 1, "week already exists"),
    "file for folder": (NotADirectoryError(errno.ENOTDIR, "Not a directory", "week"), 1, "week is not a folder"),
    "folder for file": (IsADirectoryError(errno.EISDIR, "Is a directory", "week"), 1, "week is a folder"),
    "other refusal": (OSError(errno.EIO, "Input/output error", "week"), 1, "Input/output error"),
}


@pytest.mark.parametrize(("error", "code", "sentence"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_ends_in_a_sentence_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, code: int, sentence: str
) -> None:
    def fail() -> None:
        raise error

    assert ended(monkeypatch, fail) == code
    told = capsys.readouterr().err
    assert told.startswith("gridproof: ") == (code == 1)
    assert sentence in told
    assert "Traceback" not in told


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        ended(monkeypatch, fail)


def test_an_interrupted_command_exits_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise KeyboardInterrupt

    assert ended(monkeypatch, fail) == 130


def test_a_command_that_ends_well_exits_0(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ended(monkeypatch, lambda: None) == 0


def test_the_module_runs_as_the_command_does() -> None:
    """Rule 3 also where no `gridproof` is installed: a wrong command must not end with 0."""
    words = [sys.executable, "-m", "portal.cli", "verify", "nonsense"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "nonsense" in ended.stderr
