"""Any member of any entry, set to anything, signed by the whole quorum: refused with our own error, never a crash.

A few mutations give another record that is consistent in itself (a fee of genesis that no trade ever paid): whoever
holds an earlier export finds that fork, and so does this test.
"""

import os
import random
from pathlib import Path
from typing import Any

import pytest

from chain import jcs
from chain.entry import parse_entry
from chain.errors import ChainError, ParseError
from chain.imports import GOVERNANCE
from chain.layout import BEACON
from chain.record import open_record
from chain.verify import verify_export, verify_since
from tests.chain.tamper.forgery import Forgery
from tests.sample_export import AREAS, sample_export

MUTATIONS = 24
DERIVED = ("catalogue_root", "count", "first", "height", "previous")
"""Members of a block entry that `Forgery.relink` computes."""
HOSTILE: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1,
    2**53 - 1,
    -(2**53) + 1,
    "",
    "x",
    "0" * 64,
    "ff" * 64,
    "../../etc/passwd",
    "\u0000",
    "\ud7ff\uffff",
    "榕城" * 400,
    [],
    [[]],
    {},
    {"": ""},
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every member of a decoded entry, by path."""
    found: list[tuple[Any, ...]] = [path] if path else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        found += places(item, (*path, key))
    return found


def put(value: Any, path: tuple[Any, ...], item: Any) -> Any:
    """Set the member at `path`; what was there."""
    for key in path[:-1]:
        value = value[key]
    before, value[path[-1]] = value[path[-1]], item
    return before


def hostile(draw: random.Random, before: Any) -> Any:
    """Mostly something of the same type, which gets past the decoder."""
    alike = [item for item in HOSTILE if type(item) is type(before)]
    return draw.choice(alike if alike and draw.randrange(8) else HOSTILE)


def mutated(draw: random.Random) -> tuple[Forgery, str]:
    """A forgery with one member of one entry changed, and what that was."""
    forged = Forgery(sample_export().export)
    log = draw.choice((GOVERNANCE, AREAS[0], AREAS[0], AREAS[1], BEACON))
    # Genesis has the most members and is read first: every fourth time it is the victim.
    index = 0 if draw.randrange(4) == 0 else draw.randrange(len(forged.entries[log]))
    value = jcs.decode(forged.entries[log][index])
    while True:
        path = draw.choice(places(value))
        before = jcs.encode(value)
        changed = jcs.decode(before)
        item = hostile(draw, put(changed, path, None))
        put(changed, path, item)
        if jcs.encode(changed) != before:
            break
    forged.entries[log][index] = jcs.encode(changed)
    try:
        if log == BEACON:
            return forged, f"{log} {index} {path} = {item!r}"
        if value["kind"] == "block" and path[0] in DERIVED:
            raise ParseError("derived", "to link the entries again would mend it")
        parse_entry(forged.entries[log][index])
        forged.relink()
    except (ChainError, AttributeError, KeyError):
        # No entry at all, or none to link to: pinned as it stands.
        forged.repin_blindly()
    return forged, f"{log} {index} {path} = {item!r}"


def campaign(folder: Path, seed: int, count: int) -> None:
    draw, sample = random.Random(seed), sample_export()
    honest = open_record(sample.export, sample.policy, "policy")
    for number in range(count):
        forged, what = mutated(draw)
        export = forged.write(folder / str(number % 2), sample.keys)
        try:
            verify_since(verify_export(export, sample.policy, "policy").record, honest)
        except ChainError as error:
            assert error.sentence, what
        except Exception as crash:
            raise AssertionError(f"{what}: {crash!r}") from crash
        else:
            raise AssertionError(f"{what}: accepted")


def test_no_mutation_of_an_entry_passes_or_breaks_the_verifier(tmp_path: Path) -> None:
    campaign(tmp_path, 1, MUTATIONS)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_no_mutation_of_an_entry_passes_or_breaks_the_verifier_for_long(seed: int, tmp_path: Path) -> None:
    campaign(tmp_path, 1_000 * int(os.environ.get("SOAK_SEED", "1")) + seed, 1_000)
