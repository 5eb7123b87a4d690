"""A drafted genesis: kept by its hash, and no other than what a market area of this network begins with."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from chain.channel_draft import check_channel_genesis, drafted_genesis, read_draft, store_draft
from chain.contracts.installed import GOVERNANCE_CONTRACTS, code_of
from chain.entry import Genesis, Operator, encode_entry
from chain.errors import ChainError, ExportError, LedgerError
from chain.founding import founding_policy, genesis_entries, later_genesis
from chain.imports import GOVERNANCE
from chain.layout import draft_path
from chain.merkle import leaf_hash
from chain.note import ED25519, SigningKey
from chain.record import open_record
from tests.chain.alliance_export import NEW as VOTED
from tests.chain.alliance_export import alliance_export
from tests.chain.little_alliance import NAME, accepted, config, decide, found, keys, now, request
from tests.chain.little_network import AREA, START_MS, seed_of, signer

NEW = "area-350300"
FOUNDED = [genesis for genesis, _ in genesis_entries(config(), founding_policy(config(), keys()))]
ROOT = FOUNDED[0]
DRAFT = later_genesis(ROOT, NEW, "350300", START_MS + 1, {})


def test_a_draft_is_read_again_by_its_hash(tmp_path: Path) -> None:
    genesis_hash = store_draft(tmp_path, DRAFT)
    assert read_draft(tmp_path, NEW, genesis_hash) == encode_entry(DRAFT)
    assert genesis_hash == leaf_hash(encode_entry(DRAFT)).hex()
    assert encode_entry(drafted_genesis(tmp_path, NEW, genesis_hash)) == encode_entry(DRAFT)


def test_what_was_changed_or_is_not_there_is_no_draft(tmp_path: Path) -> None:
    genesis_hash = store_draft(tmp_path, DRAFT)
    (tmp_path / draft_path(NEW, genesis_hash)).write_bytes(encode_entry(DRAFT) + b" ")
    for asked, code in ((genesis_hash, "genesis-hash"), ("ab" * 32, "no-draft"), ("../../keys.json", "no-draft")):
        with pytest.raises(LedgerError) as refused:
            read_draft(tmp_path, NEW, asked)
        assert refused.value.code == code


def test_what_founders_and_drafts_make_is_a_market_area_of_the_network() -> None:
    for genesis in FOUNDED[1:]:
        check_channel_genesis(genesis, ROOT, genesis.channel, config().areas[genesis.channel])
    check_channel_genesis(DRAFT, ROOT, NEW, "350300")


MALLORY = Operator("mallory", "mallory", "mallory", "regulator", signer("mallory").public_key, ("regulator",))
REKEYED = msgspec.structs.replace(ROOT.operators[0], public_key=signer("mallory").public_key)


def _parameters(contract: str, **changed: Any) -> dict[str, Any]:
    return {**DRAFT.parameters, contract: {**DRAFT.parameters[contract], **changed}}


ELSEWISE: dict[str, tuple[dict[str, Any], str]] = {
    "an operator whom governance does not know": ({"operators": (*DRAFT.operators, MALLORY)}, "genesis: mallory"),
    "an operator with another key": ({"operators": (REKEYED, *DRAFT.operators[1:])}, f"genesis: {REKEYED.account}"),
    "an operator left out": ({"operators": DRAFT.operators[1:]}, f"genesis: {DRAFT.operators[0].account}"),
    "operators in another order": ({"operators": DRAFT.operators[::-1]}, "another order"),
    "the auction of another area": ({"parameters": _parameters("auction", area="350900")}, "the area '350900'"),
    "an auction of no area": ({"parameters": {**DRAFT.parameters, "auction": {}}}, "the area ''"),
    "an auction of a list": ({"parameters": {**DRAFT.parameters, "auction": []}}, "the area ''"),
    "the contracts of governance": ({"contracts": code_of(GOVERNANCE_CONTRACTS)}, "contracts alliance"),
    "a contract left out": ({"contracts": DRAFT.contracts[1:]}, "a market area runs auction"),
    "another channel": ({"channel": "area-9"}, "another network, channel"),
    "another network": ({"governance": "ab" * 32}, "another network, channel"),
    "another name": ({"name": "other"}, "its name is other"),
    "another policy": ({"policy": "quorum none\n"}, "different policies"),
    "another f": ({"faults": 0}, "f = 0, governance 1"),
    "another deployment": ({"deployment": "nodes"}, "its deployment is nodes"),
}


@pytest.mark.parametrize(("changed", "words"), ELSEWISE.values(), ids=ELSEWISE)
def test_what_governance_does_not_say_is_no_channel_of_its(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ExportError) as refused:
        check_channel_genesis(msgspec.structs.replace(DRAFT, **changed), ROOT, NEW, "350300")
    assert refused.value.code == "genesis" and words in refused.value.sentence, str(refused.value)


@pytest.mark.parametrize("changed", [ELSEWISE["an operator whom governance does not know"][0], {}], ids=["key", "area"])
def test_a_voted_genesis_that_says_otherwise_does_not_begin(changed: dict[str, Any], tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        root = network.channels[GOVERNANCE].replica.genesis
        # Registered for one area, made for another; or with a key that governance has never seen.
        genesis = later_genesis(root, NEW, "350300" if changed else "350900", now(network), {})
        genesis_hash = store_draft(tmp_path / "ledger", msgspec.structs.replace(genesis, **changed))
        log = str(SigningKey(f"gridproof/{NAME}/{NEW}", ED25519, seed_of(NEW)).verifier_key)
        action = {
            "area": "350300", "channel": NEW, "genesis_hash": genesis_hash, "kind": "create-channel", "log": log,
            "openness": "public",
        }  # fmt: skip
        decide(network, action)
        with pytest.raises(ExportError) as refused:
            network.create_channel(NEW)
        assert refused.value.code == "genesis"
        assert NEW not in network.channels
        # The vote is taken back, and the network goes on.
        decide(network, {"kind": "retire-channel", "channel": NEW})
        network.beacon(now(network))


def test_a_record_with_such_a_channel_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if governance had registered it for another area."""
    sample = alliance_export()
    asked: list[str] = []

    def check(genesis: Genesis, governance: Genesis, channel: str, area: str) -> None:
        asked.append(channel)
        check_channel_genesis(genesis, governance, channel, "350900" if channel == VOTED else area)

    monkeypatch.setattr("chain.record.check_channel_genesis", check)
    with pytest.raises(ChainError, match="governance registered it for 350900"):
        open_record(sample.whole, sample.policies[-1], "policy")
    assert AREA in asked and GOVERNANCE not in asked


def test_an_operator_who_was_revoked_since_is_revoked_where_a_later_channel_begins(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        draft = network.draft_channel(NEW, "350300", now(network), seed_of(NEW))
        decide(network, {"kind": "create-channel", "openness": "public", **draft})
        leaves = {"account": "dispatcher", "reason": "leaves"}
        accepted(network, request(network, signer("dispatcher"), "participant", "revoke", leaves))
        network.create_channel(NEW)
        network.beacon(now(network))
        # Block 0 has taken no transaction; this block imports before it looks at any.
        both = ("dispatcher", "regulator")
        late, allowed = (request(network, signer(name), "record", "seal", {}, NEW) for name in both)
        refused, done = network.commit(NEW, now(network), [late, allowed]).outcomes
        assert refused.receipt is None or refused.receipt.status == "rejected"
        assert done.receipt is not None and done.receipt.status == "accepted"
