"""Credentials: what a participant shows, checked offline."""

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain import jcs
from chain.contracts.participant import possession_message
from chain.errors import ChainError, CredentialError, DepositNumberError
from chain.export import export_network, seal_all
from chain.identity.deposit import deposit_number, parse_deposit_number
from chain.imports import GOVERNANCE
from chain.record import open_record
from chain.transaction import Signer
from queries.cache import SegmentCache
from queries.credential import check_credential, evidence_of, make_credential
from queries.errors import EvidenceError, QueriesError
from queries.evidence.check import check
from queries.export import Export
from sample_data.network_setup import Keyring, MarketSettings, Sender, SimulatedClock
from sample_data.simulation import Simulation
from tests.queries.asked_export import SECRET, asked_export, opened
from tests.sample_export import NETWORK, little_inputs

ACCOUNT = "350100-member-1"
ROTATED = Signer(ACCOUNT, sha256(b"the key after the first").digest())
OTHER = "350200-member-2"
OWN_WORD = "350100-member-2"
UNVETTED = "cd" * 32


@pytest.fixture(scope="module")
def credential() -> bytes:
    return make_credential(opened(), ACCOUNT)


def edited(data: bytes, **members: Any) -> bytes:
    return jcs.encode({**json.loads(data), **members})


def test_a_credential_proves_account_number_key_and_hash(credential: bytes) -> None:
    verdict = check_credential(credential, asked_export().policy)
    row = opened().sql("SELECT entry, public_key, information_hash FROM participants WHERE account = ?", [ACCOUNT])
    assert (parse_deposit_number(verdict.deposit_number), verdict.public_key, verdict.information_hash) == row.rows()[0]
    signer: Signer = Keyring(SECRET).signer(ACCOUNT)
    assert (verdict.account, verdict.public_key, verdict.status) == (ACCOUNT, signer.public_key, "active")
    assert verdict.verified
    assert verdict.network_id == opened().record.network_id


def test_every_participant_can_have_one() -> None:
    for (account,) in opened().sql("SELECT account FROM participants ORDER BY account").rows():
        assert check_credential(make_credential(opened(), account), asked_export().policy).account == account


def test_the_verdict_says_as_of_when_and_what_it_does_not_exclude(credential: bytes) -> None:
    verdict = check_credential(credential, asked_export().policy)
    told = verdict.to_dict()
    assert "Status active as of " + told["as_of"] in told["statement"]
    assert "not excluded" in told["statement"]
    assert "trusted by the policy that you handed in" in told["statement"]
    assert told["as_of"] == told["registered"], "the registration is the last row, however late the checkpoint is"


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Export]:
    """An export in which participants were changed after registration: a key, a status, an information hash."""
    folder = tmp_path_factory.mktemp("changed")
    ledger_keys, clock = Keyring(SECRET), SimulatedClock(0)
    simulation = Simulation(folder / "ledger", little_inputs(), MarketSettings(network=NETWORK), ledger_keys, clock)
    time_ms = simulation.clock() + 1_000
    possession = ROTATED.sign_bytes(possession_message(ACCOUNT, ROTATED.public_key))
    rotation = {"possession": possession, "public_key": ROTATED.public_key}
    suspension = {"account": OTHER, "reason": "under investigation"}
    with simulation.network as network:
        owner = Sender(network, GOVERNANCE, ledger_keys.signer(ACCOUNT))
        regulator = Sender(network, GOVERNANCE, ledger_keys.signer("regulator"))
        unvetted = Sender(network, GOVERNANCE, ledger_keys.signer(OWN_WORD))
        calls = [
            unvetted.call("participant", "update_information", {"information_hash": UNVETTED}, time_ms),
            owner.call("participant", "rotate", rotation, time_ms),
            regulator.call("participant", "suspend", suspension, time_ms),
        ]
        simulation.commit(GOVERNANCE, time_ms, calls)
        seal_all(network, ledger_keys.signer("regulator"), clock.advance(clock() + 1_000))
        export_network(network, folder / "export")
    export = Export(open_record(folder / "export", network.policy.text, "policy"), SegmentCache(folder / "cache"))
    with export:
        yield export


def test_F02_after_a_rotation_the_credential_has_the_new_key_and_the_old_number(changed: Export) -> None:
    verdict = check_credential(make_credential(changed, ACCOUNT), changed.record.anchor.policy.text)
    before = check_credential(make_credential(opened(), ACCOUNT))
    assert verdict.public_key == ROTATED.public_key != before.public_key
    assert (verdict.deposit_number, verdict.information_hash) == (before.deposit_number, before.information_hash)
    assert verdict.entry > parse_deposit_number(verdict.deposit_number)
    assert len(verdict.evidence.rows) == 2


def test_a_suspended_identity_is_called_suspended(changed: Export) -> None:
    verdict = check_credential(make_credential(changed, OTHER), changed.record.anchor.policy.text)
    assert verdict.status == "suspended"
    assert f"Status suspended as of {verdict.to_dict()['as_of']}" in verdict.sentences[1]


def test_a_holder_who_leaves_out_the_suspension_is_told_active_as_of_the_registration_only(changed: Export) -> None:
    data = make_credential(changed, OTHER)
    entry = parse_deposit_number(json.loads(data)["deposit_number"])
    evidence = changed.evidence([("", GOVERNANCE, entry, 0), ("participants", GOVERNANCE, entry, 0)])
    told = check_credential(edited(data, evidence=json.loads(evidence)), changed.record.anchor.policy.text).to_dict()
    assert (told["status"], told["as_of"]) == ("active", told["registered"])
    assert "Later changes of status, key or hash are not excluded" in told["statement"]


def test_the_registration_alone_does_not_pass_for_the_version_after_it(changed: Export) -> None:
    data = make_credential(changed, ACCOUNT)
    entry = parse_deposit_number(json.loads(data)["deposit_number"])
    evidence = changed.evidence([("", GOVERNANCE, entry, 0), ("participants", GOVERNANCE, entry, 0)])
    with pytest.raises(CredentialError) as caught:
        check_credential(edited(data, evidence=json.loads(evidence)))
    assert caught.value.code == "public-key"


def test_who_vetted_the_hash_is_said_by_name(credential: bytes) -> None:
    verdict = check_credential(credential, asked_export().policy)
    ((registrar,),) = opened().sql("SELECT information_by FROM participants WHERE account = ?", [ACCOUNT]).rows()
    assert verdict.information_by == verdict.to_dict()["information_by"] == registrar != ""
    assert f"What the information hash commits to was vetted by {registrar}." in verdict.sentences


def test_a_hash_that_the_account_set_itself_is_called_its_own_word(changed: Export) -> None:
    verdict = check_credential(make_credential(changed, OWN_WORD), changed.record.anchor.policy.text)
    assert (verdict.information_hash, verdict.information_by) == (UNVETTED, "")
    assert f"is the word of {OWN_WORD} itself: nobody has vetted" in verdict.to_dict()["statement"]


def test_without_a_policy_of_the_readers_it_is_not_called_verified(credential: bytes) -> None:
    verdict = check_credential(credential)
    assert not verdict.verified
    assert "self-asserted" in verdict.to_dict()["statement"]


def test_the_evidence_in_it_is_an_evidence_file_like_any_other(credential: bytes) -> None:
    verdict = check(evidence_of(credential), asked_export().policy)
    assert [row.table for row in verdict.rows] == ["participants"]
    assert len(verdict.entries) == 1


def test_a_stale_credential_is_refused_on_request(credential: bytes) -> None:
    signed_at = check_credential(credential).evidence.quorum_time_s
    assert check_credential(credential, asked_export().policy, signed_at).verified
    with pytest.raises(EvidenceError, match="stale"):
        check_credential(credential, asked_export().policy, signed_at + 1)


def test_a_credential_under_another_policy_is_refused(credential: bytes) -> None:
    with pytest.raises(EvidenceError) as caught:
        check_credential(credential, asked_export().policy + b"# another\n")
    assert caught.value.code == "policy"


def _foreign_evidence(data: bytes) -> bytes:
    return edited(data, evidence=json.loads(make_credential(opened(), OTHER))["evidence"])


def _evidence_for(coordinates: Callable[[int], list[tuple[str, str, int, int]]]) -> Callable[[bytes], bytes]:
    def make(data: bytes) -> bytes:
        entry = parse_deposit_number(json.loads(data)["deposit_number"])
        return edited(data, evidence=json.loads(opened().evidence(coordinates(entry))))

    return make


def _number_of_another_entry(data: bytes) -> bytes:
    """The deposit number and evidence of an entry that registers nobody."""
    ((entry,),) = opened().sql("SELECT min(entry) FROM seals WHERE channel = 'governance'").rows()
    own = parse_deposit_number(json.loads(data)["deposit_number"])
    evidence = opened().evidence([("", "governance", entry, 0), ("participants", "governance", own, 0)])
    return edited(data, deposit_number=deposit_number(entry), evidence=json.loads(evidence))


REFUSED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing": (lambda data: b"", "json"),
    "cut off": (lambda data: data[:-1], "json"),
    "a line end": (lambda data: data + b"\n", "not-canonical"),
    "another member": (lambda data: edited(data, note="mine"), "json-shape"),
    "the next version": (lambda data: edited(data, format="gridproof-credential/2"), "format"),
    "too long": (lambda data: data + b" " * 2**20, "length"),
    "no evidence": (lambda data: edited(data, evidence={}), "json-shape"),
    "another account": (lambda data: edited(data, account=OTHER), "registration"),
    "another key": (lambda data: edited(data, public_key="00" * 32), "public-key"),
    "another information hash": (lambda data: edited(data, information_hash="00" * 32), "information-hash"),
    "another number": (lambda data: edited(data, deposit_number=deposit_number(7_000)), "deposit-number"),
    "a number with a wrong digit": (
        lambda data: edited(data, deposit_number=f"1{json.loads(data)['deposit_number'][1:]}"),
        "deposit-number-check-digits",
    ),
    "somebody else's evidence": (_foreign_evidence, "deposit-number"),
    "no row": (_evidence_for(lambda entry: [("", "governance", entry, 0)]), "rows"),
    "no entry": (_evidence_for(lambda entry: [("participants", "governance", entry, 0)]), "deposit-number"),
    "a row of somebody else": (
        _evidence_for(
            lambda entry: [
                ("", "governance", entry, 0),
                ("participants", "governance", entry, 0),
                ("participants", "governance", entry + 1, 0),
            ]
        ),
        "rows",
    ),
    "a seal for a registration": (_number_of_another_entry, "registration"),
}


@pytest.mark.parametrize(("damage", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_credential_that_does_not_hold_is_refused(
    credential: bytes, damage: Callable[[bytes], bytes], code: str
) -> None:
    try:
        check_credential(damage(credential), asked_export().policy)
    except (CredentialError, DepositNumberError, EvidenceError) as error:
        assert error.code == code
    else:
        pytest.fail("it was accepted")


@pytest.mark.parametrize("account", ["nobody-here", "regulator"])
def test_who_never_registered_gets_no_credential(account: str) -> None:
    with pytest.raises(CredentialError) as caught:
        make_credential(opened(), account)
    assert caught.value.code == "no-participant"


@pytest.mark.parametrize("account", ["", "no name", "x' OR '1'='1"])
def test_what_is_no_name_is_not_asked_for(account: str) -> None:
    with pytest.raises(ChainError):
        make_credential(opened(), account)


@settings(max_examples=40)
@given(st.data())
def test_no_changed_byte_of_a_credential_passes(data: st.DataObject) -> None:
    credential = make_credential(opened(), ACCOUNT)
    place = data.draw(st.integers(0, len(credential) - 1))
    byte = data.draw(st.integers(0, 255))
    changed = credential[:place] + bytes([byte]) + credential[place + 1 :]
    if changed != credential:
        with pytest.raises((ChainError, QueriesError)):
            check_credential(changed, asked_export().policy)
