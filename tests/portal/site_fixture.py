"""The real site, started by the real command, for tests that drive it in a real browser."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 90


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def portal_command(*arguments: str) -> list[str]:
    """`gridproof portal …` with this interpreter."""
    return [sys.executable, "-c", "from portal.cli import main; main()", "portal", *arguments]


def environment(trust: Path) -> dict[str, str]:
    """The command's environment: the reader's trust store is `trust`."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "GRIDPROOF_TRUST": str(trust)}


@contextlib.contextmanager
def running_site(export: Path, trust: Path, *options: str) -> Iterator[str]:
    """The site's address, once it has been printed; the site ends with the block."""
    port = free_port()
    command = portal_command(str(export), "--no-browser", "--port", str(port), *options)
    process = subprocess.Popen(
        command, env=environment(trust), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=trust
    )
    assert process.stdout is not None and process.stderr is not None
    messages: list[str] = []
    reader = threading.Thread(target=messages.extend, args=(process.stderr,), daemon=True)
    reader.start()
    watchdog = threading.Timer(_START_SECONDS, process.kill)
    watchdog.start()
    try:
        address = process.stdout.readline().strip()
        watchdog.cancel()
        assert address == f"http://127.0.0.1:{port}", "".join(messages)
        yield address
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait(timeout=20)
        reader.join(timeout=5)
        process.stdout.close()
        process.stderr.close()
