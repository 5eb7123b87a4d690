"""Whole verification of a real network whose alliance has decided: policies, a channel, a retirement, profiles."""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import ChainError, ExportError
from chain.imports import GOVERNANCE
from chain.layout import BEACON, handover_path, policy_path
from chain.manifest import Profile
from chain.merkle import leaf_hash
from chain.record import Record, open_record
from chain.verify import open_older, verify_export
from tests.chain.alliance_export import FIVE, NEW, alliance_export
from tests.chain.little_alliance import MEMBERS, PRIVATE
from tests.chain.little_network import AREA
from tests.chain.tamper.forgery import Forgery, refusal
from tests.sample_export import copy_of

NEWEST = 3


@cache
def whole() -> Record:
    return open_record(alliance_export().whole, alliance_export().policies[NEWEST], "policy")


@pytest.mark.parametrize("number", range(NEWEST + 1))
def test_it_verifies_for_a_reader_of_any_of_its_policies(number: int) -> None:
    sample = alliance_export()
    report = verify_export(sample.whole, sample.policies[number], "pinned")
    anchor = report.record.anchor
    assert (anchor.start, anchor.policy.text) == (number, sample.policies[NEWEST])
    assert [handover.number for handover in report.record.handovers] == [1, 2, 3]
    assert report.record.handovers[0].retiring == MEMBERS
    assert report.record.handovers[0].arriving == FIVE
    assert [summary.channel for summary in report.channels] == [GOVERNANCE, AREA, PRIVATE, NEW]
    assert [summary.channel for summary in report.channels if summary.is_closed] == [PRIVATE]


def test_what_governance_says_of_channels_is_on_the_record() -> None:
    registered = whole().registered
    assert {name: info.openness for name, info in registered.items()} == {
        AREA: "members", PRIVATE: "managers", NEW: "managers",
    }  # fmt: skip
    assert registered[NEW].genesis_hash == leaf_hash(whole().channels[NEW].entries[0]).hex()
    assert registered[PRIVATE].retired is not None
    assert [name for name, info in registered.items() if info.created] == [NEW]


@pytest.mark.parametrize("number", [0, NEWEST])
@pytest.mark.parametrize(("profile", "withheld"), [("member", [PRIVATE, NEW]), ("public", [AREA, PRIVATE, NEW])])
def test_every_profile_verifies_and_names_what_it_withholds(profile: Profile, withheld: list[str], number: int) -> None:
    sample = alliance_export()
    report = verify_export(getattr(sample, profile), sample.policies[number], "policy")
    assert report.record.profile == profile
    assert sorted(report.record.withheld) == sorted(withheld)
    assert not {summary.channel for summary in report.channels} & set(withheld)
    assert report.record.beacon.checkpoint == whole().beacon.checkpoint


@pytest.mark.parametrize("older", ["first", "second", "member", "public"])
def test_it_extends_older_and_smaller_exports_whatever_their_policy(older: str) -> None:
    found = open_older(whole(), getattr(alliance_export(), older))
    assert found.anchor.own.text in alliance_export().policies


def test_an_older_export_does_not_extend_it() -> None:
    sample = alliance_export()
    first = open_record(sample.first, sample.policies[0], "policy")
    with pytest.raises(ChainError):
        open_older(first, sample.whole)


def test_an_older_export_alone_is_refused_by_a_reader_of_the_newest_policy() -> None:
    sample = alliance_export()
    with pytest.raises(ChainError) as caught:
        open_record(sample.first, sample.policies[NEWEST], "pinned")
    assert caught.value.where.startswith("beacon/checkpoint")


def forged(edit: Callable[[Forgery], Any], tmp_path: Path, retired_too: bool = True) -> ChainError:
    """Why the export is refused though the newest quorum, and all before it, are corrupt and have signed it anew."""
    sample = alliance_export()
    forgery = Forgery(sample.whole)
    edit(forgery)
    if retired_too:
        forgery.hand_over(sample.eras)
    return refusal(forgery.write(tmp_path / "forged", sample.eras[NEWEST]), sample.policies[NEWEST])


def last_leaf(edit: Callable[[dict[str, Any]], object]) -> Callable[[Forgery], None]:
    return lambda forgery: forgery.edit(BEACON, len(forgery.entries[BEACON]) - 1, edit)


def head_of(leaf: dict[str, Any], channel: str) -> dict[str, Any]:
    return next(head for head in leaf["heads"] if head["channel"] == channel)


def without_the_new_channel(forgery: Forgery) -> None:
    def drop(leaf: dict[str, Any]) -> None:
        leaf["heads"] = [head for head in leaf["heads"] if head["channel"] != NEW]

    forgery.channels.remove(NEW)
    forgery.edit_all(BEACON, drop)


def another_genesis(forgery: Forgery) -> None:
    """The new channel begins otherwise than was voted."""
    forgery.edit(NEW, 0, lambda genesis: genesis.update(time=genesis["time"] + 1))
    forgery.relink()


def decided(forgery: Forgery, name: str) -> int:
    return forgery.find(
        GOVERNANCE, lambda entry: any(event["name"] == name for event in entry.get("receipt", {}).get("events", ()))
    )


def told_otherwise(name: str, member: str, value: object) -> Callable[[Forgery], None]:
    """Governance's receipt reports something else than execution does."""

    def tell(entry: dict[str, Any]) -> None:
        next(event for event in entry["receipt"]["events"] if event["name"] == name)["data"][member] = value

    def edit(forgery: Forgery) -> None:
        forgery.edit(GOVERNANCE, decided(forgery, name), tell)
        forgery.relink()

    return edit


def never_retired(forgery: Forgery) -> None:
    """The receipt keeps quiet about the retirement."""

    def silence(entry: dict[str, Any]) -> None:
        entry["receipt"]["events"] = [e for e in entry["receipt"]["events"] if e["name"] != "alliance.retired"]

    forgery.edit(GOVERNANCE, decided(forgery, "alliance.retired"), silence)
    forgery.relink()


FORGED: dict[str, tuple[Callable[[Forgery], Any], str, str, str]] = {
    "an open channel called closed": (
        last_leaf(lambda leaf: head_of(leaf, AREA).update(closed=True)), "beacon-closed", "beacon entry", AREA
    ),
    "a closed channel called open": (
        last_leaf(lambda leaf: head_of(leaf, PRIVATE).update(closed=False)), "closed", "beacon entry", "calls it open"
    ),
    "a channel that was created left out": (without_the_new_channel, "beacon-channels", BEACON, NEW),
    "a channel that begins otherwise": (another_genesis, "genesis", NEW, "governance created it with"),
    "a policy that was not decided": (
        told_otherwise("alliance.policy", "text", "quorum none\n"), "beacon-policy", "beacon entry", "policy 1"
    ),
    "an openness that was not decided": (
        told_otherwise("alliance.channel", "openness", "public"), "re-execution", GOVERNANCE, "openness"
    ),
    "a retirement kept quiet": (never_retired, "beacon-closed", "beacon entry", PRIVATE),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "code", "where", "words"), FORGED.values(), ids=FORGED)
def test_what_the_alliance_has_not_decided_is_refused_though_every_quorum_signs(
    edit: Callable[[Forgery], Any], code: str, where: str, words: str, tmp_path: Path
) -> None:
    error = forged(edit, tmp_path)
    assert error.code == code, str(error)
    assert error.where.startswith(where), str(error)
    assert words in str(error), str(error)


def test_the_newest_quorum_alone_cannot_write_what_was_before_the_handover_anew(tmp_path: Path) -> None:
    error = forged(another_genesis, tmp_path, retired_too=False)
    assert (error.code, error.where) == ("handover", handover_path(2))


@pytest.mark.parametrize("name", [policy_path(0), policy_path(1), policy_path(3), handover_path(1), handover_path(3)])
def test_a_policy_or_handover_that_is_missing_is_named(name: str, tmp_path: Path) -> None:
    sample = alliance_export()
    export = copy_of(sample.whole, tmp_path / "export")
    (export / name).unlink()
    for policy in (sample.policies[0], sample.policies[NEWEST], None):
        error = refusal(export, policy)
        assert (error.code, error.where) == ("missing", name), str(error)


@pytest.mark.parametrize("name", [handover_path(0), handover_path(5), "policy/5", "policy/1.note"])
def test_a_file_too_many_among_the_policies_is_refused(name: str, tmp_path: Path) -> None:
    sample = alliance_export()
    export = copy_of(sample.whole, tmp_path / "export")
    (export / name).write_bytes((export / handover_path(1)).read_bytes())
    error = refusal(export, sample.policies[NEWEST])
    assert (error.code, error.where) == ("unexpected", name)


def test_content_of_a_channel_that_is_withheld_does_not_belong_there(tmp_path: Path) -> None:
    sample = alliance_export()
    export = copy_of(sample.public, tmp_path / "export")
    (export / NEW / "tile" / "entries").mkdir(parents=True)
    bundle = next((sample.whole / NEW / "tile" / "entries").iterdir())
    (export / NEW / "tile" / "entries" / "000").write_bytes(b"" if bundle.is_dir() else bundle.read_bytes())
    error = refusal(export, sample.policies[NEWEST])
    assert (error.code, error.where) == ("unexpected", f"{NEW}/tile/entries/000")


def test_the_parallel_way_follows_policies_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chain.verify.PARALLEL_ENTRIES_MIN", 0)
    sample = alliance_export()
    assert len(verify_export(sample.member, sample.policies[0], "policy").channels) == 2


def test_a_smaller_export_does_not_extend_a_whole_one() -> None:
    sample = alliance_export()
    public = open_record(sample.public, sample.policies[0], "policy")
    with pytest.raises(ExportError) as caught:
        open_older(public, sample.whole)
    assert caught.value.code == "withheld"


MUTABLE = [policy_path(0), policy_path(1), handover_path(1), handover_path(3), "manifest.json", f"{NEW}/checkpoint"]


@given(st.sampled_from(MUTABLE), st.integers(0, 10**6), st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_whatever_byte_of_policies_handovers_and_manifest_is_changed_the_error_is_ours(
    name: str, position: int, bits: int
) -> None:
    sample = alliance_export()
    with tempfile.TemporaryDirectory() as folder:
        export = copy_of(sample.public, Path(folder) / "export")
        data = bytearray((export / name).read_bytes())
        data[position % len(data)] ^= bits
        (export / name).write_bytes(data)
        for policy in (sample.policies[0], sample.policies[NEWEST]):
            with pytest.raises(ChainError):
                verify_export(export, policy, "policy")
