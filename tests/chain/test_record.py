"""Opening an export: what it offers once rules 1–7 hold, and what it asks of whoever opens it."""

import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from chain.errors import ChainError, ExportError, PolicyError
from chain.imports import GOVERNANCE
from chain.note import ED25519, SigningKey
from chain.policy import encode_policy, parse_policy
from chain.record import check_segment_files, open_record, require_signed_since
from chain.trust import pin_policy, reader_policy
from tests.chain.tamper.forgery import Forgery
from tests.sample_export import AREAS, NETWORK, copy_of, sample_export, simulate

AREA, OTHER = AREAS


def test_it_offers_every_log_table_and_segment() -> None:
    sample = sample_export()
    record = open_record(sample.export, sample.policy, "policy")
    assert (record.network, sorted(record.channels)) == (NETWORK, sorted((GOVERNANCE, *AREAS)))
    area = record.channels[AREA]
    assert area.segments.keys() == area.schemas.keys()
    for segments in area.segments.values():
        ends = [0, *(segment.seal.end for segment in segments)]
        assert [segment.seal.first for segment in segments] == ends[:-1]
        assert ends[-1] <= area.sealed_to
    assert record.leaves[-1].heads[0].root == area.tree.root().hex()
    assert record.network_id == record.channels[OTHER].genesis.governance


def test_every_file_is_seen_once_and_is_what_its_seal_says() -> None:
    sample = sample_export()
    record = open_record(sample.export, sample.policy, "policy")
    seen: dict[str, str] = {}
    counted = check_segment_files(
        record, lambda channel, segment, data: seen.update({segment.path: sha256(data).hexdigest()})
    )
    sealed = {s.path: s.seal.sha256 for c in record.channels.values() for found in c.segments.values() for s in found}
    assert (seen, counted) == (sealed, len(sealed))


def test_the_quorum_time_is_the_clock_of_the_last_round() -> None:
    sample = sample_export()
    record = open_record(sample.export, sample.policy, "policy")
    assert record.beacon.quorum_time_s == sample.now_ms // 1000
    assert [name for name, _ in record.beacon.cosigners] == [
        "dispatcher",
        "national_centre",
        "provincial_centre",
        "regulator",
    ]


def test_a_pinned_policy_is_found_and_an_export_under_others_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = sample_export()
    monkeypatch.setenv("GRIDPROOF_TRUST", str(tmp_path / "trust"))
    assert reader_policy(sample.export, None).source == "self-asserted"
    pin = pin_policy(NETWORK, sample.policy)
    assert reader_policy(sample.export, None).text == sample.policy
    other = simulate(tmp_path, b"keys of a stranger")
    with pytest.raises(PolicyError, match="may have been signed anew with other keys"):
        reader_policy(other.export, None)
    pin.write_bytes(other.policy)
    with pytest.raises(PolicyError, match="is not the one that its name says"):
        reader_policy(sample.export, None)


@pytest.mark.parametrize("policy", [b"", b"quorum none\n", b"\xff\n", b"log nonsense\nquorum x\n"])
def test_no_policy_is_not_the_same_as_an_empty_one(policy: bytes) -> None:
    with pytest.raises(PolicyError):
        open_record(sample_export().export, policy, "policy")


def test_a_manifest_that_names_fewer_channels_hides_none(tmp_path: Path) -> None:
    sample = sample_export()
    export = copy_of(sample.export, tmp_path / "export")
    text = (export / "manifest.json").read_text(encoding="ascii")
    (export / "manifest.json").write_text(text.replace(f'"{OTHER}",', ""), encoding="ascii")
    with pytest.raises(ExportError, match="the manifest says otherwise"):
        open_record(export, sample.policy, "policy")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"gridproof-export/1"', '"gridproof-export/2"'),
        ('"area-350100"', '"../../etc"'),
        ('"area-350100"', '"beacon"'),
        ('"little-fujian"', '"little/fujian"'),
        ('"channels"', '"Channels"'),
        (",", ", "),
        ("{", '{"a":1,'),
    ],
)
def test_a_manifest_is_read_strictly(old: str, new: str, tmp_path: Path) -> None:
    sample = sample_export()
    export = copy_of(sample.export, tmp_path / "export")
    text = (export / "manifest.json").read_text(encoding="ascii")
    (export / "manifest.json").write_text(text.replace(old, new, 1), encoding="ascii")
    with pytest.raises(ExportError) as refused:
        open_record(export, sample.policy, "policy")
    assert refused.value.where.startswith("manifest.json"), str(refused.value)


def test_a_wrong_entry_is_named_by_its_leaf_hash(tmp_path: Path) -> None:
    sample = sample_export()
    export = copy_of(sample.export, tmp_path / "export")
    bundle = export / AREA / "tile/entries/000"
    data = bundle.read_bytes()
    at = data.index(b'"seal"', len(data) // 2)
    bundle.write_bytes(data[: at + 1] + b"S" + data[at + 2 :])
    with pytest.raises(ExportError) as refused:
        open_record(export, sample.policy, "policy")
    index = next(i for i, entry in enumerate(Forgery(sample.export).entries[AREA]) if entry not in bundle.read_bytes())
    assert refused.value.where == f"{AREA}/tile/entries/000"
    assert f"entry {index} is not the one that was logged" in str(refused.value)


def test_two_exports_mixed_are_none(tmp_path: Path) -> None:
    sample = sample_export()
    for log in (GOVERNANCE, *AREAS):
        export = copy_of(sample.export, tmp_path / log)
        shutil.rmtree(export / log)
        shutil.copytree(sample.older / log, export / log)
        if (sample.older / log / "checkpoint").read_bytes() != (sample.export / log / "checkpoint").read_bytes():
            with pytest.raises(ChainError):
                open_record(export, sample.policy, "policy")


def test_a_record_is_stale_before_the_bound_and_not_at_it() -> None:
    sample = sample_export()
    beacon = open_record(sample.export, sample.policy, "policy").beacon
    for bound_s in (None, 0, -1, beacon.quorum_time_s):
        require_signed_since(beacon, bound_s)
    with pytest.raises(ExportError) as caught:
        require_signed_since(beacon, beacon.quorum_time_s + 1)
    assert (caught.value.code, caught.value.where) == ("stale", "beacon")
    assert caught.value.sentence.startswith("stale: the quorum signed 2026-11-")


@pytest.mark.parametrize("elsewhere", [False, True], ids=["of this network", "of another network"])
def test_a_log_of_this_network_that_governance_never_created_is_missed(elsewhere: bool) -> None:
    sample = sample_export()
    policy = parse_policy(sample.policy)
    name = "gridproof/other/area-9" if elsewhere else f"gridproof/{NETWORK}/area-9"
    logs = (*policy.logs, SigningKey(name, ED25519, b"9" * 32).verifier_key)
    text = encode_policy(logs, policy.witnesses, policy.groups[policy.quorum].threshold)
    if elsewhere:
        assert open_record(sample.export, text, "policy").anchor.start is None
        return
    with pytest.raises(ExportError, match="area-9, the beacon does not pin it") as refused:
        open_record(sample.export, text, "policy")
    assert refused.value.code == "channels"
