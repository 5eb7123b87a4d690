"""Who may sign: quorums that are none, strangers' keys, policies that would let anybody speak for the record."""

from pathlib import Path

import pytest

from chain.errors import ChainError
from chain.imports import GOVERNANCE
from chain.layout import BEACON
from chain.ledger_keys import NetworkKeys
from chain.merkle import leaf_hash
from chain.note import VerifierKey
from chain.policy import encode_policy, parse_policy
from chain.tables import file_sha256
from chain.verify import verify_export
from sample_data.network_setup import Keyring
from tests.chain.tamper.forgery import forgery, refusal, refused
from tests.sample_export import AREAS, copy_of, sample_export

AREA = AREAS[0]


@pytest.mark.parametrize("cosigners", [(), ("regulator",), ("dispatcher", "regulator")])
def test_fewer_than_a_quorum_is_refused(cosigners: tuple[str, ...], tmp_path: Path) -> None:
    error = refused(forgery(), tmp_path, cosigners)
    assert "no quorum: cosigned by " + (", ".join(cosigners) or "nobody") in str(error)
    assert error.where.startswith("beacon/checkpoint")


def test_three_of_four_are_a_quorum_and_are_named(tmp_path: Path) -> None:
    sample, cosigners = sample_export(), ("dispatcher", "national_centre", "regulator")
    export = forgery().write(tmp_path / "three", sample.keys, cosigners)
    record = verify_export(export, sample.policy, "policy").record
    assert tuple(name for name, _ in record.beacon.cosigners) == cosigners


@pytest.mark.parametrize("log", [BEACON, GOVERNANCE, *AREAS])
def test_one_log_without_its_quorum_is_enough_to_refuse(log: str, tmp_path: Path) -> None:
    sample = sample_export()
    export = copy_of(sample.export, tmp_path / "export")
    (export / log / "checkpoint").write_bytes(forgery().checkpoint(log, sample.keys, ("regulator", "dispatcher")))
    error = refusal(export, sample.policy)
    assert error.where.startswith(f"{log}/checkpoint"), str(error)
    assert "no quorum" in str(error)


def test_a_signature_by_a_stranger_is_refused_though_the_quorum_is_there(tmp_path: Path) -> None:
    sample = sample_export()
    export = copy_of(sample.export, tmp_path / "export")
    note = export / AREA / "checkpoint"
    own = note.read_bytes()
    other = forgery().checkpoint(AREA, other_keys()).split(b"\n\n", 1)[1]
    note.write_bytes(own + other.splitlines(keepends=True)[0])
    error = refusal(export, sample.policy)
    assert (error.code, error.where) == ("unknown-key", f"{AREA}/checkpoint")


def other_keys() -> NetworkKeys:
    """Keys of somebody else, for the same logs and names."""
    true, keyring = sample_export().keys, Keyring(b"somebody else")
    return NetworkKeys(
        {log: keyring.seed(f"log/{log}") for log in true.logs},
        {name: keyring.seed(f"validator/{name}") for name in true.validators},
    )


def test_a_record_signed_anew_with_other_keys_fails_the_readers_policy(tmp_path: Path) -> None:
    export = forgery().write(tmp_path / "forged", other_keys())
    error = refusal(export, sample_export().policy)
    assert (error.code, error.where) == ("unknown-key", "beacon/checkpoint")
    # Under its own word it fails as well: the policy of genesis is that of the true keys.
    assert refusal(export, None).code == "unknown-key"


def weakened(line: str, policy: bytes) -> bytes:
    """The true policy with another last group or quorum line."""
    lines = [found for found in policy.decode().splitlines() if not found.startswith(("group", "quorum"))]
    return ("\n".join([*lines, line]) + "\n").encode()


GROUP = "group validators {} dispatcher national_centre provincial_centre regulator\nquorum validators"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("quorum none", "quorum none lets a log speak for itself"),
        ("", "line"),
        ("quorum regulator", "share only 1"),
        (GROUP.format(2), "share only 0"),
        (GROUP.format("any"), "share only 0"),
    ],
)
def test_an_unsafe_policy_is_refused_whoever_hands_it_in(line: str, words: str, tmp_path: Path) -> None:
    policy = weakened(line, sample_export().policy)
    error = refusal(sample_export().export, policy)
    assert error.code.startswith("policy") and words in str(error), str(error)


def test_the_reader_may_ask_for_more_than_the_record_does(tmp_path: Path) -> None:
    sample = sample_export()
    strict = weakened(
        "group validators all dispatcher national_centre provincial_centre regulator\nquorum validators", sample.policy
    )
    assert verify_export(sample.export, strict, "policy").record.anchor.policy.text == strict
    three = forgery().write(tmp_path / "three", sample.keys, ("dispatcher", "national_centre", "regulator"))
    assert "no quorum" in str(refusal(three, strict))


def test_the_reader_may_leave_out_a_validator_whom_the_record_has() -> None:
    sample = sample_export()
    lines = [
        line
        for line in sample.policy.decode().splitlines()
        if line.startswith("log") or "_centre" in line or "dispatcher" in line
    ]
    lines = [line for line in lines if not line.startswith("group")]
    lines += ["group validators all dispatcher national_centre provincial_centre", "quorum validators"]
    policy = ("\n".join(lines) + "\n").encode()
    assert len(verify_export(sample.export, policy, "policy").record.beacon.cosigners) == 3


@pytest.mark.parametrize(("line", "code"), [("quorum none", "policy-quorum"), (GROUP.format(2), "policy-unsafe")])
def test_a_network_founded_on_an_unsafe_policy_is_refused_on_its_own_word(line: str, code: str, tmp_path: Path) -> None:
    sample, forged = sample_export(), forgery()
    policy = weakened(line, sample.policy)
    forged.policies = [policy]
    for channel in forged.channels:
        forged.edit(channel, 0, lambda genesis: genesis.update(policy=policy.decode()))
    network_id = leaf_hash(forged.entries[GOVERNANCE][0]).hex()
    for area in AREAS:
        forged.edit(area, 0, lambda genesis: genesis.update(governance=network_id))
    forged.edit_all(BEACON, lambda leaf: leaf.update(policy_sha256=file_sha256(policy)))
    forged.relink()
    assert refusal(forged.write(tmp_path / "forged", sample.keys), None).code == code


def test_witnesses_who_are_no_validators_of_the_network_are_refused() -> None:
    policy = parse_policy(sample_export().policy)
    witnesses = {
        name: VerifierKey(key.name.replace("/validator/", "/friend/"), key.algorithm, key.public_key)
        for name, key in policy.witnesses.items()
    }
    error = refusal(sample_export().export, encode_policy(policy.logs, witnesses, 3))
    assert "is no validator of network little-fujian" in str(error)


def test_another_networks_policy_is_refused() -> None:
    text = sample_export().policy.replace(b"little-fujian", b"other-fujian")
    error = refusal(sample_export().export, text)
    assert isinstance(error, ChainError)
