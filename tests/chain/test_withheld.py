"""Exports that hold less than the whole record: what may be withheld, and that the rest is judged as ever."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chain.errors import ChainError, ExportError
from chain.export import export_network, seal_all
from chain.founding import derive_keys
from chain.imports import GOVERNANCE
from chain.layout import BEACON
from chain.manifest import Profile
from chain.network import Network
from chain.record import open_record
from chain.verify import verify_export, verify_since
from sample_data.network_setup import SimulatedClock
from tests.chain.handed_over import ALL, FIRST, SECOND, base, change, handover, opened, refusal
from tests.chain.little_alliance import config, now
from tests.chain.little_network import AREA, FAR_MS, START_MS, seed_of, signer
from tests.chain.tamper.forgery import Forgery

CODE = AREA.removeprefix("area-")
MEMBERS_AREA, MANAGERS_AREA = "area-350200", "area-350300"


def withholding(profile: Profile, *openness: str, withheld: Sequence[str] = (AREA,)) -> Forgery:
    """An export of that profile without the area, whose openness governance has decided to be these, in turn."""
    forged = Forgery(base())
    for number, word in enumerate(openness, 1):
        data = {"area": CODE, "channel": AREA, "genesis_hash": "", "log": "", "openness": word}
        forged.decide(START_MS + 60_000 * number, ("alliance.channel", data))
        forged.round(START_MS + 60_000 * number)
    forged.profile, forged.withheld = profile, tuple(withheld)
    return forged


OPEN_TO: dict[Profile, tuple[str, ...]] = {
    "regulator": (AREA, MEMBERS_AREA, MANAGERS_AREA),
    "member": (AREA, MEMBERS_AREA),
    "public": (AREA,),
}


@pytest.fixture(scope="module")
def network_of_all_openness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """A real network with a channel for everybody, one for members, one for managers; everything is sealed."""
    founded = replace(
        config(),
        areas={AREA: "350100", MEMBERS_AREA: "350200", MANAGERS_AREA: "350300"},
        openness={MEMBERS_AREA: "members", MANAGERS_AREA: "managers"},
    )
    folder = tmp_path_factory.mktemp("openness") / "ledger"
    with Network.create(folder, founded, derive_keys(founded, seed_of), SimulatedClock(FAR_MS)) as network:
        seal_all(network, signer("regulator"), now(network))
        yield network


@pytest.mark.parametrize("profile", OPEN_TO)
def test_B9_an_export_shows_each_reader_the_channels_that_are_open_to_them_and_verifies(
    profile: Profile, network_of_all_openness: Network, tmp_path: Path
) -> None:
    export_network(network_of_all_openness, tmp_path / profile, profile=profile)
    record = verify_export(tmp_path / profile, network_of_all_openness.policy.text, "policy").record
    assert sorted(record.channels) == sorted((GOVERNANCE, *OPEN_TO[profile]))
    assert sorted(record.withheld) == sorted({AREA, MEMBERS_AREA, MANAGERS_AREA} - set(OPEN_TO[profile]))
    for name in record.withheld:
        assert sorted(path.name for path in (tmp_path / profile / name).iterdir()) == ["checkpoint", "vkey"]


MAY: dict[str, tuple[Profile, tuple[str, ...]]] = {
    "a members' channel from the public": ("public", ("members",)),
    "a managers' channel from the public": ("public", ("managers",)),
    "a managers' channel from members": ("member", ("managers",)),
    "what was public before": ("public", ("members", "public", "managers")),
}


@pytest.mark.parametrize(("profile", "openness"), MAY.values(), ids=MAY)
def test_what_the_profile_may_withhold_is_named_and_not_verified(
    profile: Profile, openness: tuple[str, ...], tmp_path: Path
) -> None:
    forged = withholding(profile, *openness)
    record = opened(forged, FIRST, tmp_path, FIRST.policy)
    assert sorted(record.channels) == [GOVERNANCE]
    assert (record.profile, list(record.withheld)) == (profile, [AREA])
    withheld = record.withheld[AREA]
    assert withheld.openness == openness[-1] == record.registered[AREA].openness
    assert withheld.checkpoint.checkpoint.root.hex() == record.leaves[-1].heads[0].root
    assert sorted(path.name for path in (tmp_path / "export" / AREA).iterdir()) == ["checkpoint", "vkey"]


MAY_NOT: dict[str, tuple[Profile, tuple[str, ...], str]] = {
    "a public channel from the public": ("public", (), "openness is public on the record"),
    "a public channel from members": ("member", (), "profile member withholds managers"),
    "a members' channel from members": ("member", ("members",), "openness is members on the record"),
    "anything from a regulator": ("regulator", ("managers",), "profile regulator withholds no channel"),
    "what is public again": ("public", ("managers", "public"), "openness is public on the record"),
    "what is no longer for managers only": ("member", ("managers", "members"), "openness is members on the record"),
}


@pytest.mark.parametrize(("profile", "openness", "words"), MAY_NOT.values(), ids=MAY_NOT)
def test_what_the_last_openness_on_the_record_does_not_allow_to_withhold_is_refused(
    profile: Profile, openness: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    error = refusal(withholding(profile, *openness), FIRST, tmp_path)
    assert (error.code, error.where) == ("withheld", AREA)
    assert words in error.sentence


def test_governance_is_in_every_export(tmp_path: Path) -> None:
    error = refusal(withholding("public", "members", withheld=[AREA, GOVERNANCE]), FIRST, tmp_path)
    assert (error.code, error.where) == ("channels", GOVERNANCE)


def damaged(tmp_path: Path, damage: Callable[[Path], object]) -> ChainError:
    export = withholding("public", "members").write(tmp_path / "export", FIRST.keys)
    damage(export)
    with pytest.raises(ChainError) as caught:
        open_record(export, FIRST.policy, "policy")
    return caught.value


def other_head(export: Path) -> None:
    """The checkpoint of an honest log, but not the pinned one."""
    forged = withholding("public", "members")
    forged.decide(START_MS + 500_000)
    forged.entries[AREA] = forged.entries[GOVERNANCE]
    (export / AREA / "checkpoint").write_bytes(forged.checkpoint(AREA, FIRST.keys))


DAMAGE: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no checkpoint": (lambda export: (export / AREA / "checkpoint").unlink(), "missing", f"{AREA}/checkpoint"),
    "no key": (lambda export: (export / AREA / "vkey").unlink(), "missing", f"{AREA}/vkey"),
    "another head": (other_head, "head", AREA),
    "no quorum": (
        lambda export: (export / AREA / "checkpoint").write_bytes(
            withholding("public", "members").checkpoint(AREA, FIRST.keys, ALL[:2])
        ),
        "policy-quorum",
        f"{AREA}/checkpoint: gridproof/little/{AREA}",
    ),
    "signed by others": (
        lambda export: (export / AREA / "checkpoint").write_bytes(
            withholding("public", "members").checkpoint(AREA, SECOND.keys)
        ),
        "unknown-key",
        f"{AREA}/checkpoint",
    ),
}


@pytest.mark.parametrize(("damage", "code", "where"), DAMAGE.values(), ids=DAMAGE)
def test_the_head_of_a_withheld_channel_is_signed_and_pinned_all_the_same(
    damage: Callable[[Path], object], code: str, where: str, tmp_path: Path
) -> None:
    error = damaged(tmp_path, damage)
    assert (error.code, error.where) == (code, where), str(error)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (f'"withheld":["{AREA}"]', '"withheld":[]', "the manifest says otherwise"),
        (f'"withheld":["{AREA}"]', f'"withheld":["{AREA}","{AREA}"]', "not sorted, each once"),
        (f'"withheld":["{AREA}"]', '"withheld":["area-9"]', "the manifest says otherwise"),
        ('"channels":["governance"]', f'"channels":["{AREA}","governance"]', "the manifest says otherwise"),
        ('"profile":"public"', '"profile":"everybody"', "everybody"),
        ('"profile":"public"', '"profile":"member"', "openness is members on the record"),
        (',"profile":"public"', "", "canonical"),
    ],
)
def test_a_manifest_that_speaks_otherwise_of_profile_and_channels_is_refused(
    old: str, new: str, words: str, tmp_path: Path
) -> None:
    def rewrite(export: Path) -> None:
        text = (export / "manifest.json").read_text(encoding="ascii")
        assert old in text
        (export / "manifest.json").write_text(text.replace(old, new), encoding="ascii")

    assert words in str(damaged(tmp_path, rewrite))


def test_withheld_channels_follow_a_change_of_policy(tmp_path: Path) -> None:
    forged = withholding("public", "members")
    change(forged, SECOND, 1, START_MS + 600_000)
    forged.handovers[1] = handover(forged, [FIRST, SECOND])
    record = opened(forged, SECOND, tmp_path, FIRST.policy)
    assert [name for name, _ in record.withheld[AREA].checkpoint.cosigners] == list(ALL)


def test_an_older_export_that_withholds_is_extended_by_one_that_does_not(tmp_path: Path) -> None:
    whole = withholding("regulator", "members", withheld=[])
    public = opened(withholding("public", "members"), FIRST, tmp_path / "public", FIRST.policy)
    newer = opened(whole, FIRST, tmp_path / "newer", FIRST.policy)
    verify_since(newer, public)
    with pytest.raises(ExportError) as caught:
        verify_since(public, newer)
    assert (caught.value.code, caught.value.where) == ("withheld", AREA)


def test_the_beacon_of_every_profile_is_the_same(tmp_path: Path) -> None:
    whole = withholding("regulator", "members", withheld=[]).write(tmp_path / "whole", FIRST.keys)
    public = withholding("public", "members").write(tmp_path / "public", FIRST.keys)
    assert (whole / BEACON / "checkpoint").read_bytes() == (public / BEACON / "checkpoint").read_bytes()
