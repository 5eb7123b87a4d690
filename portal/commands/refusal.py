"""How every command says that what it was handed does not hold: one sentence or one object, then exit code 1."""

import json
import sys
from pathlib import Path
from typing import NoReturn, Protocol

import typer


class Problem(Protocol):
    """`ChainError` and `queries.EvidenceError`: the latter's package brings engines that not every command needs."""

    code: str
    where: str
    sentence: str


def refuse(path: Path, error: Problem, as_json: bool) -> NoReturn:
    """`path`: the file or folder that was handed over. What is no export at all is not said to be a wrong one."""
    if as_json:
        found = {"code": error.code, "problem": error.sentence, "where": error.where}
        sys.stdout.write(json.dumps({"error": found, "holds": False}, ensure_ascii=False) + "\n")
    else:
        prefix = "" if error.code == "no-export" else f"{path} does not hold: "
        sys.stderr.write(f"gridproof: {prefix}{error}\n")
    raise typer.Exit(1)
