"""The command `gridproof`: which commands there are, and how a run ends.

1. `gridproof --help` imports no command: a command's module is loaded when that command is asked for.
2. A user's mistake ends in one sentence on standard error, never in a traceback.
3. Exit codes: 0 it holds, or it was done · 1 it does not hold, or it could not be done · 2 the command line or an
   input file is wrong and nothing was written · 130 interrupted.
4. A fault of ours keeps its traceback: it is a bug report.
"""

import errno
import importlib
import importlib.metadata
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    """The word after `gridproof`."""
    place: str
    """`module:function` that does it; its docstring is the command's own `--help`. Or `module:group` of commands."""
    summary: str
    """One line in `gridproof --help`."""
    panel: str
    """Heading under which `gridproof --help` lists it."""


_MAKE = "Make a record"
_CHECK = "Check a record"
_READ = "Read a record"
_TOOLS = "Tools"
_WHO = "Who you are"

COMMANDS = (
    Command("demo", "portal.commands.demo:demo", "Simulate a week, verify it, and open the portal on it.", _MAKE),
    Command("simulate", "portal.commands.simulate:simulate", "Run the market on sample or your own data.", _MAKE),
    Command("network", "portal.commands.network:network", "Found a network from one file, and run it.", _MAKE),
    Command("verify", "portal.commands.verify:verify", "Recompute a whole export and name what is wrong.", _CHECK),
    Command("check", "portal.commands.check:check", "Check one evidence file offline.", _CHECK),
    Command(
        "replay", "portal.commands.replay:replay", "Replay a trading session from the record, bit for bit.", _CHECK
    ),
    Command("sql", "portal.commands.sql:sql", "Ask a verified export in SQL, with evidence if you want it.", _READ),
    Command("prove", "portal.commands.prove:prove", "Prove one row of a batch or table in a file of its own.", _READ),
    Command("portal", "portal.commands.portal_command:portal", "Open the site on an export.", _READ),
    Command("keys", "portal.commands.keys:keys", "Your key, logging in with it, and your credential.", _WHO),
    Command(
        "private",
        "portal.commands.private:private",
        "Private fields: sealed to readers, shown one by one, erased.",
        _WHO,
    ),
    Command("clear", "portal.commands.clear:clear", "Clear one order book: the pocket calculator.", _TOOLS),
    Command("bench", "portal.commands.bench:bench", "Measure this machine against a baseline.", _TOOLS),
)
"""Every command, in the order of `gridproof --help`."""

_HELP = """Check the record of a power exchange and certificate registry without trusting whoever hands it over.

An *export* is a folder of static files: signed logs, and the tables that they commit to. To begin:

- `gridproof demo` simulates a week, verifies it and opens it in your browser

- `gridproof simulate --days 2 --out week` makes the same as a folder

- `gridproof verify week` recomputes everything; it exits 0 only if all of it holds

- `gridproof sql week "SELECT …"` asks it

Every command explains itself: `gridproof COMMAND --help`. Every option is described in docs/cli.md.
"""

_OURS = frozenset({"chain", "queries", "audit", "portal", "sample_data", "benchmarks"})
_EXIT_INPUT = 2
_INPUT_ERRORS = ("ConfigError", "InputError")
_INTERRUPTED = 130


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"gridproof {importlib.metadata.version('gridproof')}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Options before the command; they all act in their callbacks."""


def _listed() -> None:
    """Stands in the list of commands for a command that this run does not need."""


def _load(place: str) -> Callable[..., Any] | typer.Typer:
    module, _, name = place.partition(":")
    loaded: Callable[..., Any] | typer.Typer = getattr(importlib.import_module(module), name)
    return loaded


def application(asked: frozenset[str] | None = None) -> typer.Typer:
    """The Typer application; commands outside `asked` are listed but not loaded (None: load all)."""
    app = typer.Typer(
        name="gridproof",
        help=_HELP,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for command in COMMANDS:
        loaded = _load(command.place) if asked is None or command.name in asked else _listed
        if isinstance(loaded, typer.Typer):
            app.add_typer(loaded, name=command.name, short_help=command.summary, rich_help_panel=command.panel)
        else:
            app.command(command.name, short_help=command.summary, rich_help_panel=command.panel)(loaded)
    return app


def _sentence(error: OSError) -> str:
    """What the operating system refused, in words that say what to do about it."""
    place = f"{error.filename}" if error.filename else "that place"
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"the disk of {place} is full: free some space and run this again"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"not allowed to read or write {place}: choose a place that is yours"
        case errno.EADDRINUSE:
            return "that port is taken: choose another with --port"
        case errno.ENOENT:
            return f"{place} does not exist"
        case errno.EEXIST | errno.ENOTEMPTY:
            return f"{place} already exists: choose another, or remove it first"
        case errno.ENOTDIR:
            return f"{place} is not a folder"
        case errno.EISDIR:
            return f"{place} is a folder, not a file"
        case _:
            return str(error)


def explained(error: BaseException) -> tuple[str, int] | None:
    """The sentence and exit code for an error that is not our fault; None: it is, show the traceback.

    Errors of our own packages say what a person needs; `InputError` means that the user's own files are wrong.
    """
    if isinstance(error, OSError):
        return _sentence(error), 1
    if any(kind.__module__.partition(".")[0] in _OURS for kind in type(error).__mro__):
        return str(error), _EXIT_INPUT if type(error).__name__ in _INPUT_ERRORS else 1
    return None


def main() -> None:
    """Run the command line of this process and end it with one of the exit codes above."""
    known = {command.name for command in COMMANDS}
    # The root's options take no value, so the first word that is no option is the command.
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    try:
        application(frozenset(words[:1]) & known)()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except Exception as error:
        told = explained(error)
        if told is None:
            raise
        sentence, code = told
        # A list of `file:line: field: problem` stays as editors and scripts know it.
        sys.stderr.write(f"{sentence}\n" if code == _EXIT_INPUT else f"gridproof: {sentence}\n")
        sys.exit(code)


if __name__ == "__main__":
    main()
