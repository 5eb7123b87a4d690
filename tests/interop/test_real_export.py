"""Every log of a real export is verified by a tlog client that we did not write; so is every damage to it found."""

import os
from pathlib import Path

import pytest

from chain.layout import BEACON
from chain.policy import parse_policy
from tests.interop import go_verify, missing
from tests.sample_export import AREAS, copy_of, sample_export

LOGS = (BEACON, "governance", *AREAS)


@pytest.fixture(scope="module", autouse=True)
def _needs_go() -> None:
    lacking = missing()
    if lacking and os.environ.get("CI") == "true":
        pytest.fail(lacking)
    if lacking:
        pytest.skip(lacking)


def cosigners() -> list[str]:
    """Key lines of the validators, from the reader's policy."""
    return [str(key) for key in parse_policy(sample_export().policy).witnesses.values()]


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("which", ["older", "export"])
def test_it_verifies_every_entry_of_a_log_with_all_cosignatures(log: str, which: str) -> None:
    folder = getattr(sample_export(), which) / log
    size = (folder / "checkpoint").read_text(encoding="utf-8").split("\n")[1]
    run = go_verify(folder, (folder / "vkey").read_text(encoding="ascii").strip(), *cosigners())
    assert (run.returncode, run.stdout, run.stderr) == (0, f"{size} entries verified\n", "")


@pytest.mark.parametrize("log", LOGS)
def test_it_refuses_the_key_of_another_log(log: str) -> None:
    other = LOGS[LOGS.index(log) - 1]
    vkey = (sample_export().export / other / "vkey").read_text(encoding="ascii").strip()
    assert go_verify(sample_export().export / log, vkey).returncode == 1


@pytest.mark.parametrize("log", LOGS)
def test_it_finds_a_changed_entry(log: str, tmp_path: Path) -> None:
    folder = copy_of(sample_export().export / log, tmp_path / log)
    bundle = sorted((folder / "tile/entries").rglob("*"))[-1]
    data = bundle.read_bytes()
    bundle.write_bytes(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])
    run = go_verify(folder, (folder / "vkey").read_text(encoding="ascii").strip())
    assert run.returncode == 1 and "is not the one in the tree" in run.stderr
