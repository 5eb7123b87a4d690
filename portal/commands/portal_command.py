"""`gridproof portal EXPORT`: the site on one export, on this machine only.

1. What cannot be opened at all (no export, a policy that is none, a policy pinned otherwise) is said before anything
   starts; the port too, exit code 2.
2. Streamlit runs in a process of its own. The address is printed once the site answers.
3. Interrupting the command ends the site. If the site ends by itself, its last words are handed on.
"""

import contextlib
import signal
import subprocess
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from portal.commands.trusted import policy_for
from portal.ui.server import LOOPBACK, port_problem, server_command, server_environment

_START_SECONDS = 60
_POLL_SECONDS = 0.1
_EXIT_INPUT = 2
_HEALTHY = 200


def portal(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="The folder of an export.", show_default=False)],
    policy: Annotated[
        Path | None, typer.Option(help="The policy file to trust; without it one that you pinned.", show_default=False)
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The port to listen on.")] = 8501,
    host: Annotated[
        str, typer.Option(help="The address to listen on; anything but loopback shows the record to your network.")
    ] = LOOPBACK,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser on it.")] = True,
) -> None:
    """Open the site on EXPORT: sessions, certificates, ledger and SQL, with the proofs computed before your eyes.

    It listens on this machine only. Press Ctrl-C to end it.
    """
    serve(export, policy, port, host, browser)


def serve(export: Path, policy: Path | None, port: int, host: str = LOOPBACK, browser: bool = True) -> None:
    """Run the site until it is interrupted. Raises our own errors for rule 1, `typer.Exit` for the rest."""
    policy_for(export, policy)
    problem = port_problem(host, port)
    if problem:
        sys.stderr.write(f"gridproof: {problem}\n")
        raise typer.Exit(_EXIT_INPUT)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    with _running(export, policy, host, port) as process:
        if not _wait_until_up(process, address):
            raise typer.Exit(1)
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        sys.stderr.write("Press Ctrl-C to end the site.\n")
        if browser:
            webbrowser.open(address)
        code = process.wait()
    if code:
        sys.stderr.write(f"gridproof: the site ended by itself (exit code {code})\n")
        raise typer.Exit(1)


@contextlib.contextmanager
def _running(export: Path, policy: Path | None, host: str, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Rules 2 and 3: the site's process; its messages go to standard error."""
    # A service manager's request to end is an end like Ctrl-C, not one that leaves the site's process behind.
    before = signal.signal(signal.SIGTERM, _interrupt)
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own script
        server_command(host, port),
        env=server_environment(export, policy),
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno() if hasattr(sys.stderr, "fileno") else subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _wait_until_up(process: "subprocess.Popen[bytes]", address: str) -> bool:
    """Whether the site answers before it ends or `_START_SECONDS` have passed."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.stderr.write(f"gridproof: the site did not start (exit code {process.returncode})\n")
            return False
        if _is_healthy(address):
            return True
        time.sleep(_POLL_SECONDS)
    sys.stderr.write(f"gridproof: the site did not answer within {_START_SECONDS} s\n")
    return False


def _is_healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:  # noqa: S310 - http, ours
            return bool(answer.status == _HEALTHY)
    except OSError:
        return False
