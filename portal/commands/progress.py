"""Progress bars on standard error, one per kind of work, for the commands that take a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from chain.progress import Progress as Report


@contextmanager
def progress_bars(shown: bool = True) -> Iterator[Report]:
    """A callable (what, done, total); each new `what` gets a bar of its own."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Into a file or a pipe bars would only leave blank lines: there each kind of work is named when it begins.
    with Progress(*columns, console=console, disable=not (shown and console.is_terminal)) as bars:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                if shown and not console.is_terminal:
                    console.print(f"{what} …", markup=False, highlight=False)
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield report
