"""One changed byte, anywhere in an export, is refused with a place; so is every missing, foreign or moved file.

Both outcomes are counted: refused, and accepted as provably irrelevant. The second is empty: a checkpoint would carry
irrelevant bytes (C2SP lets signatures by unknown keys stand), so an export with such a signature is refused as well.
"""

import os
import random
import shutil
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from chain.errors import ChainError
from chain.verify import verify_export
from tests.chain.tamper.forgery import refusal
from tests.sample_export import AREAS, copy_of, files_of, sample_export

WHOLE_BYTES_MAX = 120
"""Files up to here are flipped at every byte."""
STEPS = {"beacon/checkpoint": 1, "policy/0": 1, "area-350100/checkpoint": 5, "governance/tile/0/000.p/14": 16}
"""Larger files that are flipped at every so-manieth byte: parsers of notes and policies forgive most elsewhere."""
SAMPLED = 3
"""Places in other files, besides the first and the last byte."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of(sample_export().export, tmp_path_factory.mktemp("tamper") / "export")


def outcomes(export: Path, path: str, places: Iterable[int], seed: str) -> tuple[int, list[int]]:
    """(refused with a place, accepted offsets) of flipping the byte at each of `places` in one file."""
    good, draw, refused, accepted = (export / path).read_bytes(), random.Random(f"{seed}/{path}"), 0, []
    for at in places:
        changed = good[:at] + bytes([good[at] ^ draw.randrange(1, 256)]) + good[at + 1 :]
        (export / path).write_bytes(changed)
        try:
            verify_export(export, sample_export().policy, "policy")
            accepted.append(at)
        except ChainError as error:
            assert error.where, f"{path} byte {at}: {error} names no place"
            refused += 1
    (export / path).write_bytes(good)
    return refused, accepted


def chosen(path: str, size: int) -> list[int]:
    if size <= WHOLE_BYTES_MAX or path in STEPS:
        return list(range(0, size, STEPS.get(path, 1)))
    draw = random.Random(path)
    return sorted({0, size - 1, *(draw.randrange(size) for _ in range(SAMPLED))})


def test_a_changed_byte_is_refused_in_every_file(copy: Path) -> None:
    attempts, refused, accepted = 0, 0, {}
    for path in files_of(copy):
        places = chosen(path, (copy / path).stat().st_size)
        found, survived = outcomes(copy, path, places, "test")
        attempts, refused = attempts + len(places), refused + found
        if survived:
            accepted[path] = survived
    assert (refused, accepted) == (attempts, {})
    assert attempts > 2_500
    verify_export(copy, sample_export().policy, "policy")


@pytest.mark.soak
@pytest.mark.parametrize("top", ["beacon", "governance", "policy", "manifest.json", *AREAS])
def test_a_changed_byte_is_refused_at_every_place_of_every_file(top: str, copy: Path) -> None:
    seed = os.environ.get("SOAK_SEED", "1")
    for path in files_of(copy):
        if path.split("/")[0] == top:
            size = (copy / path).stat().st_size
            assert outcomes(copy, path, range(size), seed) == (size, []), path


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def lengthened(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def removed(path: Path) -> None:
    path.unlink()


def renamed(path: Path) -> None:
    path.rename(path.with_name(f"{path.name}x"))


def linked(path: Path) -> None:
    elsewhere = path.parent.parent / f".{path.name}.elsewhere"
    shutil.move(path, elsewhere)
    path.symlink_to(elsewhere)


def made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def made_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


WAYS = (truncated, emptied, lengthened, removed, renamed, linked, made_a_folder, made_a_pipe)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_file_can_be_spoiled(way: object, tmp_path: Path) -> None:
    assert callable(way)
    sample = sample_export()
    export = copy_of(sample.export, tmp_path / "export")
    for path in files_of(sample.export):
        way(export / path)
        error = refusal(export, sample.policy)
        assert error.where or error.code == "no-export", f"{path}: {error}"
        restore(sample.export, export, path)
    verify_export(export, sample.policy, "policy")


def restore(original: Path, export: Path, path: str) -> None:
    """Put one file back and take away what a way of spoiling left beside it."""
    target = export / path
    if target.is_symlink() or target.is_file() or target.is_fifo():
        target.unlink()
    elif target.is_dir():
        target.rmdir()
    for left in (target.with_name(f"{target.name}x"), target.parent.parent / f".{target.name}.elsewhere"):
        left.unlink(missing_ok=True)
    shutil.copyfile(original / path, target)


def pairs_of_equal_kind(export: Path) -> Iterator[tuple[str, str]]:
    """Neighbouring files of one name or suffix: what a shuffled disk or a forger would exchange."""
    kinds: dict[str, list[str]] = {}
    for path in files_of(export):
        name = path.rsplit("/", 1)[1] if "/" in path else path
        kinds.setdefault(name.rsplit(".", 1)[-1] if ".parquet" in name else name, []).append(path)
    for paths in kinds.values():
        yield from pairwise(paths)


def test_no_two_files_can_be_exchanged(copy: Path) -> None:
    exchanged = 0
    for one, other in pairs_of_equal_kind(copy):
        first, second = (copy / one).read_bytes(), (copy / other).read_bytes()
        (copy / one).write_bytes(second)
        (copy / other).write_bytes(first)
        assert refusal(copy, sample_export().policy).where, (one, other)
        (copy / one).write_bytes(first)
        (copy / other).write_bytes(second)
        exchanged += 1
    assert exchanged > 40
    verify_export(copy, sample_export().policy, "policy")


FOREIGN = (
    "README",
    "policy/1",
    "beacon/tables/trades/0-1.parquet",
    "area-350100/tables/trades/0-1.parquet",
    "area-350100/tile/0/000.p/7",
    "area-350300/checkpoint",
    "governance/.hidden",
    "area-350100/tables/trades/\x1b[2J",
    "area-350100/榕城",
)


@pytest.mark.parametrize("path", FOREIGN, ids=ascii)
def test_a_foreign_file_is_refused_by_name(path: str, tmp_path: Path) -> None:
    export = copy_of(sample_export().export, tmp_path / "export")
    (export / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(export / "policy/0", export / path)
    error = refusal(export, sample_export().policy)
    assert error.where == ascii(path)[1:-1]


def test_a_foreign_file_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    export = copy_of(sample_export().export, tmp_path / "export")
    (export / os.fsdecode(b"bad\xff\n")).write_bytes(b"")
    error = refusal(export, sample_export().policy)
    assert str(error) == "bad\\udcff\\n: this file does not belong to the record"


@pytest.mark.parametrize("name", ["area-350100", "area-350100/tile/entries", "policy", "beacon"])
def test_a_link_instead_of_a_folder_is_refused(name: str, tmp_path: Path) -> None:
    export = copy_of(sample_export().export, tmp_path / "export")
    shutil.move(export / name, tmp_path / "elsewhere")
    (export / name).symlink_to(tmp_path / "elsewhere")
    assert "links are not followed" in str(refusal(export, sample_export().policy))


def test_an_empty_folder_is_no_file_and_says_nothing(tmp_path: Path) -> None:
    export = copy_of(sample_export().export, tmp_path / "export")
    (export / "area-350100/nothing").mkdir()
    verify_export(export, sample_export().policy, "policy")


@pytest.mark.parametrize("left", ["nothing", "manifest.json", "a file"])
def test_what_is_no_export_is_refused_with_a_sentence(left: str, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    if left == "a file":
        folder.write_text("no folder")
    else:
        folder.mkdir()
    if left == "manifest.json":
        shutil.copyfile(sample_export().export / left, folder / left)
    assert refusal(folder, sample_export().policy).code in ("no-export", "missing")
