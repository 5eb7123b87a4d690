"""Every parser of foreign bytes refuses by our own errors, in bounded time and memory (trust rule 7).

1. Any bytes, damaged samples and reshaped samples (`tests.fuzz.hostile`) are taken, or refused by an error of ours.
2. An example takes no more memory than a multiple of its own length and a constant, and does not hang.
3. The table of parsers is complete.

`make soak` runs the same for longer: SOAK_FUZZ_EXAMPLES examples per parser.
"""

import ast
import os
import signal
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.hostile import BOMBS, Samples, damaged, raw, reshaped
from tests.fuzz.parsers import NO_PARSERS, PARSERS, Parser

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("chain", "queries", "sample_data")
PREFIXES = ("parse_", "decode_", "read_", "open_")

EXAMPLES, EXAMPLES_SLOW = 25, 8
"""Per parser, in `make test`: always the same ones, so that it fails for whoever broke something."""
SLOW_BOMB_BYTES = 30_000
"""A bomb for a parser that looks at every cell or character."""
HANGS_AFTER_S = 30
"""Not a measure of speed: what still runs then will not end."""
MEMORY_BYTES = 24 * 2**20
MEMORY_FACTOR = 64
"""Python's objects beside the bytes that they were read from; an empty list is 3 bytes of JSON and 64 of memory."""

BY_NAME = {parser.name: parser for parser in PARSERS}
NAMES = sorted(BY_NAME)


@contextmanager
def bounded(data: bytes) -> Iterator[None]:
    """Rule 2."""

    def hung(_: int, __: FrameType | None) -> None:
        raise AssertionError(f"still running after {HANGS_AFTER_S} s")

    kept = signal.signal(signal.SIGALRM, hung)
    signal.alarm(HANGS_AFTER_S)
    tracemalloc.start()
    try:
        yield
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        signal.alarm(0)
        signal.signal(signal.SIGALRM, kept)
    assert peak <= MEMORY_BYTES + MEMORY_FACTOR * len(data), f"{peak} bytes for {len(data)}"


def is_taken(parser: Parser, data: bytes) -> bool:
    """Rules 1 and 2."""
    with bounded(data):
        try:
            parser.call(data)
        except parser.errors as error:
            assert str(error)
            return False
    return True


def examples(parser: Parser, number: int) -> settings:
    count = number if number else EXAMPLES_SLOW if parser.slow else EXAMPLES
    ignored = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(max_examples=count, derandomize=not number, deadline=None, suppress_health_check=ignored)


def campaign(parser: Parser, number: int = 0) -> None:
    samples = Samples(parser.samples())

    @examples(parser, number)
    @given(st.one_of(raw(), damaged(samples), damaged(samples), reshaped(samples)))
    def run(data: bytes) -> None:
        is_taken(parser, data)

    run()


@pytest.mark.parametrize("name", NAMES)
def test_a_valid_sample_is_taken(name: str) -> None:
    parser = BY_NAME[name]
    assert parser.samples()
    if parser.samples_hold:
        assert [data for data in parser.samples() if not is_taken(parser, data)] == []


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.parametrize("name", NAMES)
def test_what_a_stranger_hands_over_is_refused_by_our_own_error(name: str) -> None:
    campaign(BY_NAME[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_bomb_is_refused_in_bounded_time_and_memory(name: str) -> None:
    parser = BY_NAME[name]
    for data in BOMBS.values():
        is_taken(parser, data[:SLOW_BOMB_BYTES] if parser.slow else data)


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.parametrize("name", NAMES)
def test_a_long_campaign_finds_no_other_error(name: str) -> None:
    number = int(os.environ.get("SOAK_FUZZ_EXAMPLES", "20000"))
    campaign(BY_NAME[name], max(1, number // 20 if BY_NAME[name].slow else number))


def public_parsers() -> set[str]:
    """`module.function` of every public function whose name says that it parses."""
    found = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            module = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and node.name.startswith(PREFIXES):
                    found.add(f"{module}.{node.name}")
    return found


def test_the_table_names_every_parser_and_nothing_else() -> None:
    covered = {name for parser in PARSERS for name in parser.covers}
    assert len(NAMES) == len(PARSERS)
    assert sorted(public_parsers() - covered - set(NO_PARSERS)) == []
    assert sorted((covered | set(NO_PARSERS)) - public_parsers()) == []
    assert covered & set(NO_PARSERS) == set()
