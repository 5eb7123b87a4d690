"""The rules of the house that a machine can hold us to.

1. Imports point one way: portal → audit → queries → chain; `sample_data` knows the chain alone.
2. Nothing in `chain` reaches for randomness or a clock, except the shells named below, and none of it for floats.
3. Files are about one thing, functions are read without scrolling, every module says what it is, nothing is left
   unfinished.
4. What is published names no machine and no package index.
5. The lock pins every package by hash and covers what `pyproject.toml` asks for.
6. The stable code of an error is lower-case words joined by hyphens.
"""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("chain", "queries", "audit", "portal", "sample_data", "benchmarks")
NAMED = (*PACKAGES, "tests")
SOURCES = sorted(path for package in NAMED for path in (ROOT / package).rglob("*.py"))
CHAIN = [path for path in SOURCES if path.relative_to(ROOT).parts[0] == "chain"]

LINES_PER_FILE_MAX = 500
LINES_PER_FUNCTION_MAX = 70

NOT_IN_CHAIN = frozenset({"duckdb", "whoosh", "streamlit", "plotly", "pandas", "sqlglot", "typer", "rich"})
NOT_REPRODUCIBLE = frozenset(
    {
        "SigningKey.generate",
        "datetime",
        "nacl.utils",
        "np.random",
        "numpy.random",
        "os.urandom",
        "random",
        "secrets",
        "time",
        "uuid",
    }
)
SHELLS: dict[str, frozenset[str]] = {}
"""I/O shells of `chain` that hand a clock or randomness to the pure core: file → what it may import."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names that a module imports, wherever in it: `a.b` for `from a import b`, and `os.x` where it is used."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


def within(dotted: str, names: frozenset[str]) -> str | None:
    """The member of `names` that `dotted` is, or lies in."""
    return next((name for name in sorted(names) if dotted == name or dotted.startswith(f"{name}.")), None)


def published() -> list[Path]:
    """Every file that version control holds or would hold; without it, every file outside the environments."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if shutil.which("git") is not None:
        listed = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        if listed.returncode == 0:
            return [ROOT / name for name in sorted(listed.stdout.split("\0")) if name and (ROOT / name).is_file()]
    hidden = re.compile(r"\.venv|\.git|\..*_cache|__pycache__|\.hypothesis")
    paths = (path for path in sorted(ROOT.rglob("*")) if path.is_file())
    return [path for path in paths if not any(hidden.fullmatch(part) for part in path.relative_to(ROOT).parts)]


def test_imports_point_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-cache"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_package_is_under_the_import_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert settings["importlinter"]["root_packages"] == list(PACKAGES)
    assert settings["mypy"]["packages"] == list(PACKAGES)
    assert settings["hatch"]["build"]["targets"]["wheel"]["packages"] == list(PACKAGES)


@pytest.mark.parametrize("path", CHAIN, ids=name_of)
def test_the_chain_knows_no_engine_and_no_site(path: Path) -> None:
    found = sorted({name for name in imported(tree_of(path)) if within(name, NOT_IN_CHAIN)})
    assert found == []


@pytest.mark.parametrize("path", CHAIN, ids=name_of)
def test_the_chain_has_no_clock_and_no_randomness_outside_its_shells(path: Path) -> None:
    allowed = SHELLS.get(name_of(path), frozenset())
    found = {within(name, NOT_REPRODUCIBLE) for name in imported(tree_of(path))} - {None} - allowed
    assert found == set()


def test_every_shell_of_the_chain_still_needs_what_it_may_import() -> None:
    for name, allowed in SHELLS.items():
        used = {within(dotted, NOT_REPRODUCIBLE) for dotted in imported(tree_of(ROOT / name))}
        assert used >= allowed, name


@pytest.mark.parametrize("path", CHAIN, ids=name_of)
def test_the_chain_counts_in_integers(path: Path) -> None:
    tree = tree_of(path)
    # How long a shell waits for a queue or a process is no part of what it computes.
    waits = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "timeout"}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in waits]
    floats = [node.lineno for node in constants if type(node.value) is float]
    casts = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"float", "round"}
    ]
    assert (floats, casts) == ([], [])


@pytest.mark.parametrize("folder", ["chain/contracts", "chain/market", "chain/registry"])
def test_no_rule_of_the_market_divides_into_a_fraction(folder: str) -> None:
    for path in sorted((ROOT / folder).rglob("*.py")):
        divisions = [
            node.lineno
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
        ]
        assert divisions == [], name_of(path)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_is_about_one_thing_and_says_what(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES_PER_FILE_MAX
    assert ast.get_docstring(ast.parse(text)), "a module begins by saying what it is"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_function_is_read_without_scrolling(path: Path) -> None:
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LINES_PER_FUNCTION_MAX
    ]
    assert long == []


def coded_errors() -> frozenset[str]:
    """Every error of the packages whose first argument is a code."""
    names = set()
    for package in PACKAGES:
        path = ROOT / package / "errors.py"
        if path.is_file():
            names |= {node.name for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)}
    return frozenset(names)


def codes_of(path: Path, raising: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(line, code) of every call of a name in `raising` whose code is written right there."""
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        code = node.args[0]
        if called not in raising:
            continue
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            yield node.lineno, code.value
        elif isinstance(code, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "part" for part in code.values)
            yield node.lineno, "".join(str(part) for part in parts)


def test_the_code_of_an_error_is_lower_case_words_joined_by_hyphens() -> None:
    style = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
    raising = coded_errors() | {"reject"}
    found = [(name_of(path), *code) for path in SOURCES for code in codes_of(path, raising)]
    assert len(found) > 100, "the codes are found where they are raised"
    assert [place for place in found if not style.fullmatch(place[2])] == []


def test_nothing_is_left_unfinished() -> None:
    # Spelled in halves, so that this file does not find itself.
    left = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|Not" + r"ImplementedError)\b")
    found = [
        f"{name_of(path)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if left.search(line)
    ]
    assert found == []


def test_what_is_published_names_no_machine_and_no_package_index() -> None:
    forbidden = re.compile(
        r"py" + r"pi\.org|python" + r"hosted|regis" + r"try\.npmjs|(?<![\w-])--(?:extra-)?index" + r"-url"
        r"|find" + r"-links|(?<![\w.~$}])/(?:ro" + r"ot|wo" + r"rk|ho" + r"me|Us" + r"ers|op" + r"t)/"
    )
    found = []
    for path in published():
        data = path.read_bytes()
        if b"\0" in data:
            continue
        lines = data.decode("utf-8", errors="replace").splitlines()
        found += [f"{name_of(path)}:{n}: {line[:100]}" for n, line in enumerate(lines, 1) if forbidden.search(line)]
    assert found == []


def required(requirement: str) -> str:
    """The normalised name of a requirement."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None, requirement
    return re.sub(r"[-_.]+", "-", match.group()).lower()


@pytest.mark.parametrize("lock", ["runtime", "dev"])
def test_the_lock_pins_every_package_by_hash(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
    entries = [entry for entry in re.sub(r"\\\n\s*", " ", text).splitlines() if entry and not entry.startswith("#")]
    unpinned = [entry for entry in entries if not re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry)]
    assert unpinned == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    if lock == "dev":
        asked += project["project"]["optional-dependencies"]["dev"]
    assert {required(item) for item in asked} - {required(entry) for entry in entries} == set()
    exact = {item for item in asked if "==" in item}
    assert {item for item in exact if not any(entry.startswith(f"{item} ") for entry in entries)} == set()


def test_both_locks_agree() -> None:
    def pins(lock: str) -> set[str]:
        text = (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
        return {line.split(" ")[0] for line in text.splitlines() if re.match(r"[a-z]", line)}

    assert pins("runtime") <= pins("dev")
