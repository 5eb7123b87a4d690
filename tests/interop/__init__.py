"""Clients that we did not write, run against what we write: Go's `golang.org/x/mod/sumdb` as Debian packages it."""

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

GO_PACKAGES = Path("/usr/share/gocode")
"""Where Debian's golang-golang-x-mod-dev puts its sources: a GOPATH, built without any network."""

SOURCE = Path(__file__).with_name("verify_channel.go")


def missing() -> str:
    """What this machine lacks to run the Go client; empty when nothing."""
    if shutil.which("go") is None:
        return "no Go compiler: install golang-go"
    if not (GO_PACKAGES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        return "no Go packages: install golang-golang-x-mod-dev"
    return ""


@cache
def _built() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="gridproof-go-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    binary = folder / "verify_channel"
    settings = {
        "CGO_ENABLED": "0",
        "GO111MODULE": "off",
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
        "GOPATH": str(GO_PACKAGES),
        "GOTOOLCHAIN": "local",
    }
    command = ["go", "build", "-o", str(binary), str(SOURCE)]
    built = subprocess.run(command, env=os.environ | settings, check=False, capture_output=True, text=True)
    if built.returncode:
        raise AssertionError(f"the Go client does not build: {built.stderr}")
    return binary


def go_verify(channel_dir: Path, vkey: str, *cosigners: str) -> subprocess.CompletedProcess[str]:
    """Let the Go client judge a channel's folder: exit 0 and "N entries verified", or exit 1 and a reason.

    `vkey` is the log's verifier key line; every key line in `cosigners` must have cosigned the checkpoint.
    """
    command = [str(_built()), str(channel_dir), vkey, *cosigners]
    return subprocess.run(command, check=False, capture_output=True, text=True)
