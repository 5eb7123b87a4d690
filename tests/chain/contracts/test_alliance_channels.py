"""Market channels that are created, linked, opened and retired by vote."""

from typing import Any

import pytest

from chain.consortium import Consortium
from chain.imports import told_retirement
from chain.note import COSIGNATURE_V1
from tests.chain.contracts.alliance_fixture import (
    NATIONAL,
    PROVINCIAL,
    SECOND_AREA,
    SECOND_CHANNEL,
    create_channel,
    event,
    history,
    line,
    link,
    log_key,
    newest,
    passed,
    propose,
    proposed,
    retire,
    set_openness,
    set_parameters,
    unlink,
    vote,
    world,
)
from tests.chain.contracts.replica_fixture import AREA_CHANNEL, NETWORK, World


def two_channels() -> World:
    made = world()
    passed(made, create_channel())
    return made


def area_of(made: World, area: str) -> object:
    return made.replica.state.get("alliance.area", area)


def consortium(made: World) -> Consortium:
    """Governance as network and verifiers read it."""
    read = Consortium()
    read.extend(made.entries)
    return read


def test_F09_a_created_channel_has_its_area_its_log_in_the_policy_and_the_genesis_that_was_voted() -> None:
    made = world()
    receipt = passed(made, create_channel())
    assert event(receipt, "alliance.channel") == {
        "area": SECOND_AREA,
        "channel": SECOND_CHANNEL,
        "genesis_hash": "ab" * 32,
        "log": log_key(SECOND_CHANNEL),
        "openness": "members",
    }
    log = newest(made).log_key(f"gridproof/{NETWORK}/{SECOND_CHANNEL}")
    assert str(log) == log_key(SECOND_CHANNEL)
    assert event(receipt, "alliance.policy")["number"] == 1
    assert area_of(made, SECOND_AREA) == SECOND_CHANNEL
    read = consortium(made)
    assert sorted(read.channels_at(read.size)) == [AREA_CHANNEL, SECOND_CHANNEL]
    assert read.channels_at(read.size)[SECOND_CHANNEL].genesis_hash == "ab" * 32
    row = made.records("market_channels")[-1]
    assert (row["market_channel"], row["status"], row["genesis_hash"]) == (SECOND_CHANNEL, "open", "ab" * 32)


def test_F09_a_retired_channel_is_reported_keeps_its_log_and_frees_its_area() -> None:
    made = two_channels()
    receipt = passed(made, retire(SECOND_CHANNEL))
    (retired,) = [one for one in receipt.events if one.name == "alliance.retired"]
    assert told_retirement(retired).channel == SECOND_CHANNEL
    assert newest(made).log_key(f"gridproof/{NETWORK}/{SECOND_CHANNEL}") is not None
    assert area_of(made, SECOND_AREA) is None
    assert made.records("market_channels")[-1]["status"] == "retired"
    read = consortium(made)
    assert read.channels_at(read.size)[SECOND_CHANNEL].retired is not None


def test_F09_after_a_retirement_the_area_may_begin_anew_on_another_channel() -> None:
    made = world()
    passed(made, retire(AREA_CHANNEL))
    passed(made, create_channel("area-350100-b", "350100"))
    assert area_of(made, "350100") == "area-350100-b"


@pytest.mark.parametrize(
    "action",
    [
        retire(AREA_CHANNEL),
        set_openness(AREA_CHANNEL, "managers"),
        link(AREA_CHANNEL, SECOND_CHANNEL),
        unlink(SECOND_CHANNEL, AREA_CHANNEL),
        set_parameters("record", {}),
    ],
    ids=lambda action: str(action["kind"]),
)
def test_F09_nothing_is_decided_about_a_retired_channel(action: dict[str, Any]) -> None:
    made = two_channels()
    passed(made, retire(AREA_CHANNEL))
    assert propose(made, action).code == "retired"


def test_F09_what_is_open_about_a_channel_fails_once_it_is_retired() -> None:
    made = two_channels()
    waiting = proposed(made, link(AREA_CHANNEL, SECOND_CHANNEL), NATIONAL)
    again = proposed(made, retire(SECOND_CHANNEL), NATIONAL)
    passed(made, retire(SECOND_CHANNEL))
    for opened in (waiting, again):
        vote(made, opened, PROVINCIAL)
        assert vote(made, opened, "regulator").code == "ok"
        assert history(made, opened)[-1] == ("failed", "retired")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "the name of a channel": (create_channel(AREA_CHANNEL), "channel-taken"),
    "the name of a channel in another spelling": (create_channel(AREA_CHANNEL.upper()), "channel-taken"),
    "the name of governance": (create_channel("governance"), "channel-taken"),
    "the name of governance in another spelling": (create_channel("Governance"), "channel-taken"),
    "the beacon's folder": (create_channel("beacon"), "channel-name"),
    "the beacon's folder in another spelling": (create_channel("BEACON"), "channel-name"),
    "the policies' folder": (create_channel("policy"), "channel-name"),
    "the manifest": (create_channel("manifest.json"), "channel-name"),
    "the lock": (create_channel("lock"), "channel-name"),
    "a path": (create_channel("x", log=log_key("x")) | {"channel": "../x"}, "channel-name"),
    "no name": (create_channel("x") | {"channel": ""}, "channel-name"),
    "a name of 65 characters": (create_channel("x") | {"channel": "x" * 65}, "channel-name"),
    "an area that trades elsewhere": (create_channel(area="350100"), "area-taken"),
    "an area that is none": (create_channel(area="fuzhou"), "bad-arguments"),
    "a genesis hash of 31 bytes": (create_channel(genesis_hash="ab" * 31), "genesis-hash"),
    "a genesis hash in capitals": (create_channel(genesis_hash="AB" * 32), "genesis-hash"),
    "no genesis hash": (create_channel(genesis_hash=""), "genesis-hash"),
    "no key": (create_channel(log=""), "key"),
    "a key of another channel": (create_channel(log=log_key(AREA_CHANNEL, "new")), "key"),
    "a key of another network": (create_channel(log=line(f"gridproof/other/{SECOND_CHANNEL}", 1)), "key"),
    "a key of a validator's type": (
        create_channel(log=line(f"gridproof/{NETWORK}/{SECOND_CHANNEL}", COSIGNATURE_V1)),
        "key",
    ),
    "retiring governance": (retire("governance"), "unknown-channel"),
    "retiring the beacon": (retire("beacon"), "unknown-channel"),
    "retiring what is not there": (retire(SECOND_CHANNEL), "unknown-channel"),
    "opening what is not there": (set_openness(SECOND_CHANNEL, "public"), "unknown-channel"),
    "opening governance": (set_openness("governance", "managers"), "unknown-channel"),
    "an openness that it has": (set_openness(AREA_CHANNEL, "public"), "unchanged"),
    "linking a channel to itself": (link(AREA_CHANNEL, AREA_CHANNEL), "link-self"),
    "linking what is not there": (link(AREA_CHANNEL, SECOND_CHANNEL), "unknown-channel"),
    "linking governance": (link("governance", AREA_CHANNEL), "unknown-channel"),
}


@pytest.mark.parametrize("case", BAD)
def test_F09_the_alliance_does_not_decide(case: str) -> None:
    action, code = BAD[case]
    made = world()
    before = made.memory()
    assert propose(made, action).code == code
    assert made.memory() == before


def test_F09_the_name_of_a_retired_channel_is_taken_for_good() -> None:
    made = world()
    passed(made, retire(AREA_CHANNEL))
    assert propose(made, create_channel(AREA_CHANNEL, "350100")).code == "channel-taken"


def test_F09_two_proposals_for_one_area_do_not_both_pass() -> None:
    made = world()
    waiting = proposed(made, create_channel("area-350200-b"), NATIONAL)
    passed(made, create_channel())
    vote(made, waiting, PROVINCIAL)
    vote(made, waiting, "regulator")
    assert history(made, waiting)[-1] == ("failed", "area-taken")


def test_F09_channels_are_linked_once_in_no_order_and_unlinked() -> None:
    made = two_channels()
    passed(made, link(SECOND_CHANNEL, AREA_CHANNEL))
    assert propose(made, link(AREA_CHANNEL, SECOND_CHANNEL)).code == "linked"
    passed(made, unlink(SECOND_CHANNEL, AREA_CHANNEL))
    assert propose(made, unlink(AREA_CHANNEL, SECOND_CHANNEL)).code == "not-linked"
    rows = [(row["first_channel"], row["second_channel"], row["linked"]) for row in made.records("channel_links")]
    assert rows == [(AREA_CHANNEL, SECOND_CHANNEL, True), (AREA_CHANNEL, SECOND_CHANNEL, False)]


def test_F09_links_of_a_retired_channel_end_with_it() -> None:
    made = two_channels()
    passed(made, create_channel("area-350300", "350300"))
    passed(made, link(AREA_CHANNEL, SECOND_CHANNEL))
    passed(made, link("area-350300", SECOND_CHANNEL))
    passed(made, link(AREA_CHANNEL, "area-350300"))
    passed(made, retire(SECOND_CHANNEL))
    assert [key for key, _ in made.replica.state.items("alliance.link")] == [f"{AREA_CHANNEL}:area-350300"]
    assert made.column("channel_links", "linked") == [True, True, True, False, False]


def test_F05_openness_changes_by_vote_and_is_told_whole() -> None:
    made = two_channels()
    receipt = passed(made, set_openness(SECOND_CHANNEL, "managers"))
    assert event(receipt, "alliance.channel")["genesis_hash"] == "ab" * 32
    assert event(receipt, "alliance.channel")["openness"] == "managers"
    read = consortium(made)
    assert read.channels_at(read.size)[SECOND_CHANNEL].openness == "managers"
    assert made.records("market_channels")[-1]["openness"] == "managers"


def test_F09_the_network_has_as_many_channels_as_a_policy_has_logs_and_no_more() -> None:
    made = world()
    for number in range(61):
        passed(made, create_channel(f"market-{number}", f"36{number:04}"))
    assert len(newest(made).logs) == 64
    assert propose(made, create_channel("market-61", "360061")).code == "policy"
