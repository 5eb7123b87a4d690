"""Profiles: what each reader is handed."""

from typing import get_args

import pytest

from chain import jcs
from chain.errors import ParseError
from chain.fields import Openness
from chain.manifest import EXPORT_FORMAT, WITHHELD, Manifest, Profile

DECODER = jcs.TypedDecoder(Manifest)


def test_every_profile_says_what_it_withholds_and_each_holds_more_than_the_next() -> None:
    assert tuple(WITHHELD) == get_args(Profile)
    for whole, part in zip(get_args(Profile), get_args(Profile)[1:], strict=False):
        assert set(WITHHELD[whole]) < set(WITHHELD[part]) < set(get_args(Openness))


def test_nobody_is_refused_what_is_public_and_a_regulator_nothing() -> None:
    assert all("public" not in withheld for withheld in WITHHELD.values())
    assert WITHHELD["regulator"] == ()


def test_a_manifest_survives_the_round_trip_with_all_its_members() -> None:
    manifest = Manifest(("area-350100", "governance"), EXPORT_FORMAT, "fujian", "member", ("area-350200",))
    data = jcs.encode(manifest)
    assert DECODER.decode(data, "manifest.json") == manifest
    assert data == (
        b'{"channels":["area-350100","governance"],"format":"gridproof-export/1","network":"fujian",'
        b'"profile":"member","withheld":["area-350200"]}'
    )


def test_a_manifest_that_leaves_its_profile_out_is_no_manifest() -> None:
    data = b'{"channels":["governance"],"format":"gridproof-export/1","network":"fujian"}'
    with pytest.raises(ParseError):
        DECODER.decode(data, "manifest.json")
