"""`docs/identity.md`, run as it stands: every command, at the times that it names, with the exit codes that it names.

Only two things are prepared: the network of `docs/network.md` and the other side of the trade. Time is the page's.
"""

import json
import re
import shlex
import sys
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pytest

import portal.commands.network
import portal.commands.network_channels
import portal.commands.private
from chain.contracts.participant_rules import possession_message
from chain.identity.keystore import MINIMUM_COST, encrypt_keystore
from chain.secret_file import create_secret_file
from chain.transaction import Signer
from portal.cli import main
from portal.commands import keys
from tests.private_scan import assert_nowhere

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = (DOCS / "identity.md").read_text(encoding="utf-8")
STEP = re.compile(
    r"^_At (?P<time>\d\d:\d\d)\._|^```json (?P<file>\S+)\n(?P<content>.*?)^```|^```sh\n(?P<commands>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
REFERENCE = re.compile(r"<(\w+) in ([\w.-]+)>")
PASSWORD = "a sentence of some length"
OPERATORS = ("dispatcher", "metering", "national-centre", "provincial-centre", "regulator")
PRIVATE = (
    "陈建国", "91350100MA2XYT1234", "3520-7781-0098-4416", "林晓梅", "350102199003071528", "+86 591 8765 4321",
)  # fmt: skip


def at(clock: str) -> int:
    """A time of the story's day, ms UTC."""
    return int(datetime.fromisoformat(f"2026-11-02T{clock}+08:00").timestamp() * 1000)


class Story:
    """The page's folder, clock and terminal."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.now = at("08:30")
        self.shown: list[str] = []
        """What stood on the terminal and was not asked for: everything but the output of `private open`."""
        self.verified: list[str] = []

    def clock(self) -> int:
        """Each look at the clock is a millisecond later: the time of blocks must increase."""
        self.now += 1
        return self.now

    def run(self, line: str) -> None:
        """One command line of a page, with its redirection and the exit code that its comment names."""
        command, _, comment = line.partition("   # exit ")
        words = shlex.split(filled(command))
        target = words.pop() if ">" in words else ""
        if target:
            words.remove(">")
        self._monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capsys.readouterr()
        assert ended.value.code == int(comment or 0), (line, out, err)
        self.shown += [err] if words[1:3] == ["private", "open"] else [out, err]
        if target:
            Path(target).write_text(out, encoding="utf-8")
        if words[1] == "verify":
            self.verified.append(words[2])


def filled(text: str) -> str:
    """`<name in FILE>` replaced by what the file says."""
    return REFERENCE.sub(lambda found: str(json.loads(Path(found[2]).read_bytes())[found[1]]), text)


def steps(page: str) -> Iterator[re.Match[str]]:
    return STEP.finditer(page)


def keystore(account: str) -> Signer:
    """A keystore as `gridproof keys create` makes it, at the least cost."""
    signer = Signer(account, sha256(f"identity story: {account}".encode()).digest())
    create_secret_file(Path("keys") / account, encrypt_keystore(signer, PASSWORD, bytes, MINIMUM_COST))
    return signer


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Story:
    """The network stands, and the other side of the trade is registered."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRIDPROOF_TRUST", str(tmp_path / "trust"))
    told = Story(monkeypatch, capsys)
    for module in (portal.commands.network, portal.commands.network_channels, portal.commands.private):
        monkeypatch.setattr(module, "system_clock", told.clock)
    monkeypatch.setattr(keys, "DEFAULT_COST", MINIMUM_COST)
    Path("keys").mkdir()
    create_secret_file(Path("password"), f"{PASSWORD}\n".encode())
    create_secret_file(Path("guess"), b"was it this one, perhaps?\n")
    Path("network.toml").write_bytes((DOCS / "network.toml").read_bytes())
    for account in OPERATORS:
        keystore(account)
    told.run("gridproof network create network.toml ledger")
    hydro = keystore("hydro")
    arguments = {
        "account": "hydro",
        "area": "350100",
        "information_hash": "00" * 32,
        "kind": "generator",
        "possession": hydro.sign_bytes(possession_message("hydro", hydro.public_key)),
        "public_key": hydro.public_key,
        "roles": ["member"],
    }
    Path("register-hydro.json").write_text(json.dumps(arguments))
    sign = "--key keys/provincial-centre --password-file password"
    told.run(f"gridproof network call ledger participant register register-hydro.json {sign}")
    return told


def test_a_company_registers_trades_recovers_and_is_forgotten_and_every_step_verifies(story: Story) -> None:
    for step in steps(PAGE):
        if step["time"]:
            story.now = at(step["time"])
        elif step["file"]:
            Path(step["file"]).write_text(filled(step["content"]), encoding="utf-8")
        else:
            for line in step["commands"].splitlines():
                story.run(line)
    assert story.verified == ["registered", "traded", "recovered", "left", "erased"]
    terminal = "".join(story.shown)
    assert re.search(r"fz-trader-07\W+hydro\W+15", terminal), "the trade was not shown"
    assert "was signed by" in terminal
    shown = terminal.replace("91350100MA2XYT1234", "", 1)  # What `check` showed of the one disclosed field.
    assert_nowhere(PRIVATE, [shown])
    for folder in ("ledger", "day-0", "registered", "traded", "recovered", "left", "erased"):
        assert_nowhere(PRIVATE, Path(folder))
    assert_nowhere(PRIVATE[3:], Path("vault"))
