"""Evidence and a change of policy: what retired keys signed counts beside a record that begins with it, else not."""

from functools import cache
from pathlib import Path

import pytest

import queries
from chain import jcs
from chain.layout import BEACON
from chain.ledger_keys import NetworkKeys
from chain.record import Record, open_record
from queries.errors import EvidenceError
from queries.evidence.verdict import Verdict
from tests.chain.alliance_export import alliance_export
from tests.chain.tamper.forgery import Forgery
from tests.queries.asked_export import asked_export

NEWEST = 3


@cache
def evidence(export: str) -> bytes:
    """A row of governance, from one of the exports."""
    sample = alliance_export()
    with queries.open(getattr(sample, export)) as opened:
        return opened.sql("SELECT * FROM organisations ORDER BY entry, position LIMIT 1").evidence()


@cache
def record(export: str = "whole", number: int | None = NEWEST) -> Record:
    sample = alliance_export()
    policy = None if number is None else sample.policies[number]
    return open_record(getattr(sample, export), policy, "self-asserted" if number is None else "pinned")


def refusal(data: bytes, policy: bytes | None, beside: Record | None) -> EvidenceError:
    with pytest.raises(EvidenceError) as caught:
        queries.check(data, policy, record=beside)
    return caught.value


def test_evidence_under_a_replaced_policy_alone_is_refused_and_says_what_to_do() -> None:
    error = refusal(evidence("first"), alliance_export().policies[NEWEST], None)
    assert (error.code, error.where) == ("policy", "policy")
    assert "--record" in error.sentence


@pytest.mark.parametrize("trusted", range(NEWEST + 1))
@pytest.mark.parametrize("made", ["first", "second"])
def test_beside_a_record_that_begins_with_it_it_counts(made: str, trusted: int) -> None:
    verdict: Verdict = queries.check(evidence(made), record=record(number=trusted))
    assert (verdict.verified, verdict.signers) == (True, "pinned")
    assert verdict.replaced_by == record().anchor.own.sha256.hex() != verdict.policy_sha256
    assert verdict.to_dict()["replaced_by"] == verdict.replaced_by
    assert f"replaced by {verdict.replaced_by[:12]}" in verdict.statement


def test_evidence_under_the_newest_policy_needs_no_such_words() -> None:
    for beside in (record(), record("member"), record(number=0)):
        verdict = queries.check(evidence("whole"), record=beside)
        assert (verdict.verified, verdict.replaced_by) == (True, None)
        assert "replaced" not in verdict.statement


def test_newer_evidence_counts_beside_an_older_record_only_under_its_policy() -> None:
    sample = alliance_export()
    older = open_record(sample.second, sample.policies[0], "policy")
    assert refusal(evidence("whole"), None, older).code == "policy"
    assert queries.check(evidence("second"), record=older).verified


def test_a_record_that_asserts_itself_verifies_no_evidence() -> None:
    verdict = queries.check(evidence("first"), record=record(number=None))
    assert (verdict.verified, verdict.signers) == (False, "self-asserted")


def forged_evidence(folder: Path, keys: NetworkKeys) -> bytes:
    """Retired keys sign another history of the same length and make evidence of it."""
    sample = alliance_export()
    forgery = Forgery(sample.first)
    last = len(forgery.entries[BEACON]) - 1
    forgery.edit(BEACON, last, lambda leaf: leaf.update(time=leaf["time"] + 1))
    with queries.open(forgery.write(folder / "forged", keys)) as opened:
        return opened.sql("SELECT * FROM organisations LIMIT 1").evidence()


def test_retired_keys_cannot_make_evidence_of_another_history(tmp_path: Path) -> None:
    data = forged_evidence(tmp_path, alliance_export().eras[0])
    assert queries.check(data, alliance_export().policies[0]).verified, "to whom policy 0 is all they know"
    error = refusal(data, None, record())
    assert (error.code, error.where) == ("record", "beacon.checkpoint")
    assert "two histories were signed" in error.sentence


def test_retired_keys_cannot_make_evidence_that_goes_on_beyond_the_record(tmp_path: Path) -> None:
    sample = alliance_export()
    forgery = Forgery(sample.first)
    for _ in range(12):
        leaf = jcs.decode(forgery.entries[BEACON][-1])
        forgery.entries[BEACON].append(jcs.encode({**leaf, "round": leaf["round"] + 1}))
    with queries.open(forgery.write(tmp_path / "forged", sample.eras[0])) as opened:
        data = opened.sql("SELECT * FROM organisations LIMIT 1").evidence()
    error = refusal(data, None, record())
    assert error.code == "record"
    assert "under a policy that was replaced" in error.sentence


def test_evidence_of_another_network_is_refused_beside_this_record() -> None:
    with queries.open(asked_export().folder) as opened:
        data = opened.sql("SELECT * FROM organisations LIMIT 1").evidence()
    assert refusal(data, None, record()).code == "policy"
