"""What tests of commands share."""

import sys
from pathlib import Path

import pytest

from portal.cli import main
from tests.portal.command_line import Run


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """(exit code, standard output, standard error) of one command line, with a trust store of its own."""
    monkeypatch.setenv("GRIDPROOF_TRUST", str(tmp_path / "trust"))

    def call(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gridproof", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), out, err

    return call
