"""Attacks that know the format: parts left out, logs rebuilt, entries rewritten, old beside new.

All of them are signed by the whole true quorum and read under the reader's own policy (`attacks`).
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from chain.layout import BEACON
from chain.verify import verify_export
from tests.chain.tamper.attacks import ATTACKS
from tests.chain.tamper.forgery import Forgery, forgery, refusal, refused
from tests.sample_export import AREAS, copy_of, sample_export


@pytest.mark.parametrize(("attack", "where", "words"), ATTACKS, ids=[attack.__name__ for attack, _, _ in ATTACKS])
def test_the_corrupt_quorum_cannot(attack: Callable[[Forgery], None], where: str, words: str, tmp_path: Path) -> None:
    forged = forgery()
    attack(forged)
    error = refused(forged, tmp_path)
    assert error.where.startswith(where), str(error)
    assert words in str(error), str(error)


def test_what_a_forgery_does_not_change_is_still_accepted(tmp_path: Path) -> None:
    sample, forged = sample_export(), forgery()
    forged.relink()
    verify_export(forged.write(tmp_path / "same", sample.keys), sample.policy, "policy")


@pytest.mark.parametrize("log", AREAS)
def test_an_old_log_beside_a_newer_beacon_is_refused(log: str, tmp_path: Path) -> None:
    sample = sample_export()
    export = copy_of(sample.export, tmp_path / "export")
    shutil.copyfile(sample.older / log / "checkpoint", export / log / "checkpoint")
    error = refusal(export, sample.policy)
    assert (error.code, error.where) == ("head", log)


def test_an_old_beacon_beside_newer_logs_is_refused(tmp_path: Path) -> None:
    sample = sample_export()
    export = copy_of(sample.export, tmp_path / "export")
    shutil.rmtree(export / BEACON)
    shutil.copytree(sample.older / BEACON, export / BEACON)
    assert refusal(export, sample.policy).code == "head"
