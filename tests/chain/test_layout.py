"""Paths come from checked names alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import ParseError
from chain.layout import (
    BEACON,
    check_channel,
    journal_path,
    log_path,
    origin,
    policy_path,
    segment_path,
    stored_segment_path,
    validator_name,
)


def test_paths_are_those_of_the_format() -> None:
    assert segment_path("area-350100", "trades", 0, 912) == "area-350100/tables/trades/0-912.parquet"
    assert stored_segment_path("area-350100", "trades", 0, 912) == "area-350100/segments/trades/0-912.parquet"
    assert (policy_path(0), journal_path("governance")) == ("policy/0", "governance/journal")
    assert log_path(BEACON, "checkpoint") == "beacon/checkpoint"


def test_origins_and_key_names_are_those_of_the_format() -> None:
    assert origin("fujian", "area-350100") == "gridproof/fujian/area-350100"
    assert validator_name("fujian", "regulator") == "gridproof/fujian/validator/regulator"


@pytest.mark.parametrize("name", ["governance", "area-350100", "a", "Beacon.2", "policy-1"])
def test_a_channel_has_a_name_of_its_own(name: str) -> None:
    assert check_channel(name) == name


NO_CHANNELS = [
    "beacon",
    "policy",
    "manifest.json",
    "lock",
    "keys.json",
    "signing-state",
    "",
    ".",
    "..",
    "../x",
    "a/b",
    "/etc",
    "a\\b\x00",
    "a\n",
    "a" * 65,
    None,
    3,
]


@pytest.mark.parametrize("name", NO_CHANNELS, ids=ascii)
def test_a_reserved_or_foreign_name_is_no_channel(name: object) -> None:
    with pytest.raises(ParseError):
        check_channel(name, "manifest.json")


@pytest.mark.parametrize("table", ["../x", "a/b", "A", "", "a\n", "trades.parquet"])
def test_a_foreign_name_is_no_table(table: str) -> None:
    for path in (segment_path, stored_segment_path):
        with pytest.raises(ParseError):
            path("area-1", table, 0, 1)


@given(st.text(max_size=12), st.text(max_size=12))
def test_whatever_the_names_a_path_stays_below_its_folder(channel: str, table: str) -> None:
    try:
        path = segment_path(channel, table, 0, 1)
    except ParseError:
        return
    assert path == f"{channel}/tables/{table}/0-1.parquet"
    assert not {"", ".", ".."} & set(path.split("/"))
    assert path.isascii()
    assert "\\" not in path


@pytest.mark.parametrize("name", ["", "a/b", "a b", "a\n", "a+b"])
def test_a_foreign_name_makes_no_origin(name: str) -> None:
    for make in (origin, validator_name):
        with pytest.raises(ParseError):
            make(name, "x")
        with pytest.raises(ParseError):
            make("x", name)
