"""The documentation says what the program does: commands, options, links."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from portal.cli import COMMANDS, application

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "sample_data").rglob("*.md")]
    if path.is_file()
)
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]*)(#[^)\s]*)?\)")
CLI_PAGE = "docs/cli.md"


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(command: str) -> str:
    """The part of the command line's page that is about one command."""
    found = re.search(rf"^## {command}\n(.*?)(?=^## |\Z)", read(CLI_PAGE), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{CLI_PAGE} has no section '## {command}'"
    return found.group(1)


def options(command: str) -> Iterator[str]:
    """Every long option, and every argument by its name in capitals; of a group, those of all its commands."""
    found = vars(get_command(application(frozenset({command}))))["commands"][command]
    for one in (found, *vars(found).get("commands", {}).values()):
        for parameter in one.params:
            names = [name for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("--")]
            yield from names or [str(parameter.metavar or parameter.name).upper()]


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_and_option_is_described(command: str) -> None:
    text = section(command)
    missing = [name for name in options(command) if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]
    assert missing == []


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_no_option_is_described_that_does_not_exist(command: str) -> None:
    known = {*options(command), "--help"}
    described = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", section(command)))
    assert described - known == set()


def test_every_command_line_of_the_readme_is_a_command() -> None:
    known = {command.name for command in COMMANDS}
    used = set(re.findall(r"^gridproof ([a-z]+)", read("README.md"), re.MULTILINE))
    assert used
    assert used <= known


def test_every_make_target_of_the_readme_exists() -> None:
    used = set(re.findall(r"\bmake ([a-z]+)", read("README.md")))
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert {"demo", "test"} <= used <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = [match.group(1) for match in LINK.finditer(page.read_text(encoding="utf-8"))]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


def test_every_decision_has_its_own_number_and_a_status() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [page.name[:4] for page in pages]
    assert numbers == [f"{number:04d}" for number in range(len(pages))]
    for page in pages:
        lines = page.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith(f"# {page.name[:4].replace('0000', 'NNNN')}: "), page.name
        assert lines[2].startswith("Status: "), page.name


def test_every_trust_rule_names_tests_that_exist() -> None:
    rules = re.search(r"^## Trust rules\n(.*?)(?=^## )", read("docs/architecture.md"), re.MULTILINE | re.DOTALL)
    assert rules is not None
    parts = re.split(r"^(\d)\. ", rules.group(1), flags=re.MULTILINE)[1:]
    assert parts[::2] == [str(number) for number in range(1, 9)]
    for number, text in zip(parts[::2], parts[1::2], strict=True):
        named = re.findall(r"`(tests/[^`]+)`", text)
        assert named, f"rule {number} names no test"
        assert [path for path in named if not (ROOT / path).is_file()] == [], f"rule {number}"
