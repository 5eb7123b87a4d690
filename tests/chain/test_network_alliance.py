"""A network under votes: policies hand over, channels come and go, parameters change, old keys stay silent."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chain.contracts.auction_tables import ORDERS_SUBMITTED
from chain.errors import ChainError, LedgerError
from chain.export import export_network, seal_all
from chain.imports import GOVERNANCE
from chain.journal import Journal
from chain.layout import BEACON, KEYS, SIGNING_STATE, draft_path, handover_path, policy_path
from chain.merkle import leaf_hash
from chain.network import Network
from chain.note import COSIGNATURE_V1, SigningKey, encode_note, parse_checkpoint, parse_note
from chain.policy import require_known_signers, verify_checkpoint
from chain.registry.tables import METER_READINGS
from chain.trust import pin_policy, reader_policy
from chain.units import HOUR_MS
from chain.verify import verify_export
from sample_data.network_setup import SimulatedClock
from tests.chain.little_alliance import (
    MEMBERS,
    PRIVATE,
    accepted,
    admit_member,
    admit_validator,
    decide,
    found,
    join,
    now,
    reopened,
    request,
)
from tests.chain.little_network import AREA, FAR_MS, START_MS, seed_of, signer

FIFTH = "retailers-union"
NEW = "area-350300"
ALL = (*MEMBERS, FIFTH)


def with_fifth(folder: Path) -> Network:
    """A fifth organisation runs a validator; the policy is handed over."""
    network = found(folder)
    admit_member(network, FIFTH)
    admit_validator(network, FIFTH)
    network.beacon(now(network))
    return network


def propose_channel(network: Network, channel: str = NEW, openness: str = "members", **parameters: Any) -> None:
    draft = network.draft_channel(channel, "350300", now(network), seed_of(f"log/{channel}"), parameters)
    # A later draft does not take the place of the one that is voted on.
    network.draft_channel(channel, "350300", now(network), seed_of(f"later log/{channel}"), parameters)
    decide(network, {"kind": "create-channel", "openness": openness, **draft})


def export(network: Network, target: Path) -> Path:
    seal_all(network, signer("regulator"), now(network))
    export_network(network, target)
    return target


def trade(network: Network, channel: str) -> int:
    """Two members quote across each other; how many trades their session makes."""
    for account in ("seller", "buyer"):
        join(network, account, area="350300")
    network.beacon(now(network))
    opening = now(network) // HOUR_MS * HOUR_MS + HOUR_MS
    network.commit(channel, opening)
    session = network.channels[channel].replica.state.items("auction.session")[0][0]
    for account, order in (
        ("seller", ("ask", 30_000, None, 5_000, None)),
        ("buyer", ("bid", 40_000, None, 5_000, None)),
    ):
        lines = ORDERS_SUBMITTED.encode_lines([order])
        accepted(network, request(network, signer(account), "auction", "declare", {"session": session}, channel, lines))
    for minute in range(15, 75, 5):
        network.commit(channel, opening + minute * 60_000)
    return network.channels[channel].replica.tables["trades"].pending_count


def test_F07_F09_an_alliance_lives_and_its_export_holds_for_old_and_new_readers(tmp_path: Path) -> None:
    with with_fifth(tmp_path / "ledger") as network:
        first = network.signers.history.policies[0].text
        assert network.policy.groups["validators"].threshold == 4
        propose_channel(network)
        network.create_channel(NEW)
        network.beacon(now(network))
        assert trade(network, NEW) == 1
        height = network.channels[AREA].replica.height + 2
        parameters = {"transactions_per_block_max": 7}
        action = {
            "kind": "set-parameters", "channel": AREA, "contract": "record", "height": height, "parameters": parameters,
        }  # fmt: skip
        decide(network, action)
        decide(network, {"kind": "retire-channel", "channel": NEW})
        decide(network, {"kind": "remove-validator", "validator": "dispatcher", "threshold": 3}, voters=ALL[1:])
        network.beacon(now(network))
        for _ in range(3):
            network.commit(AREA, now(network))
        assert network.channels[AREA].replica.parameters["record"].transactions_per_block_max == 7
        network.commit(NEW, now(network))
        assert not network.channels[NEW].replica.is_closed, "its second session is open"
        network.commit(NEW, now(network) + HOUR_MS)
        assert network.channels[NEW].replica.is_closed
        target = export(network, tmp_path / "export")
        assert "dispatcher" not in network.policy.witnesses
        for policy in (first, network.policy.text):
            report = verify_export(target, policy, "policy")
            assert {summary.channel for summary in report.channels} == {GOVERNANCE, AREA, PRIVATE, NEW}
        assert len(network.signers.history.policies) == 4
    with reopened(tmp_path / "ledger") as network:
        verify_export(export(network, tmp_path / "again"), first, "policy")


def test_a_handover_is_signed_by_both_quorums_and_by_nobody_else(tmp_path: Path) -> None:
    with with_fifth(tmp_path / "ledger") as network:
        old, new = network.signers.history.policies
        note = parse_note((tmp_path / "ledger" / handover_path(1)).read_bytes())
        require_known_signers(note, old, new)
        for policy in (old, new):
            verified = verify_checkpoint(note, policy, f"gridproof/council/{BEACON}")
            assert verified.checkpoint.size == len(network.leaves) == 2
        assert (tmp_path / "ledger" / policy_path(1)).read_bytes() == new.text


def test_every_checkpoint_is_signed_anew_under_the_new_policy_and_by_its_keys_alone(tmp_path: Path) -> None:
    with with_fifth(tmp_path / "ledger") as network:
        decide(network, {"kind": "remove-validator", "validator": "dispatcher", "threshold": 3}, voters=ALL[1:])
        network.beacon(now(network))
        for channel, ledger in network.channels.items():
            assert ledger.checkpoint is not None
            require_known_signers(ledger.checkpoint, network.policy)
            verified = verify_checkpoint(ledger.checkpoint, network.policy, f"gridproof/council/{channel}")
            assert verified.checkpoint.size == ledger.replica.tree.size
        assert network.beacon_checkpoint is not None
        require_known_signers(network.beacon_checkpoint, network.policy)


def retired_sizes(network: Network) -> dict[str, int]:
    """What the dispatcher's key, retired by now, has signed last, by log."""
    key = network.signers.history.policies[0].witnesses["dispatcher"]
    logs = (BEACON, *network.channels)
    return {log: network.signers._state.size(key, f"gridproof/council/{log}") for log in logs}


def test_a_retired_key_never_signs_again_though_it_is_still_held(tmp_path: Path) -> None:
    with with_fifth(tmp_path / "ledger") as network:
        decide(network, {"kind": "remove-validator", "validator": "dispatcher", "threshold": 3}, voters=ALL[1:])
        network.beacon(now(network))
        before = retired_sizes(network)
        network.commit(AREA, now(network))
        network.beacon(now(network))
        assert retired_sizes(network) == before
    with reopened(tmp_path / "ledger") as network:
        network.commit(GOVERNANCE, now(network))
        assert retired_sizes(network) == before


def test_a_held_key_that_nobody_has_admitted_signs_nothing(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        key = network.hold_validator("stranger", seed_of("stranger"))
        network.commit(AREA, now(network))
        network.beacon(now(network))
        assert network.signers._state.size(key, f"gridproof/council/{BEACON}") == 0
    with reopened(tmp_path / "ledger") as network:
        network.hold_validator("stranger", seed_of("stranger"))
        network.commit(AREA, now(network))


def test_without_the_new_quorums_keys_nothing_is_written_and_the_network_goes_on(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        admit_member(network, FIFTH)
        key = network.signers.keys.hold_validator(FIFTH, seed_of("elsewhere"))
        del network.signers.keys._keys[key]
        action = {
            "kind": "admit-validator", "key": str(key), "organisation": FIFTH, "threshold": 5, "validator": FIFTH,
        }  # fmt: skip
        decide(network, action)
        rounds = len(network.leaves)
        with pytest.raises(LedgerError, match=f"quorum is not here.*{FIFTH}") as refused:
            network.beacon(now(network))
        assert refused.value.code == "handover-keys"
        assert len(network.leaves) == rounds
        assert not (tmp_path / "ledger" / policy_path(1)).exists()
        network.commit(AREA, now(network))
        network.hold_validator(FIFTH, seed_of("elsewhere"))
        network.beacon(now(network))
        assert FIFTH in network.policy.witnesses


def test_several_votes_between_two_rounds_are_one_handover(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        first = network.policy.text
        admit_member(network, FIFTH)
        admit_validator(network, FIFTH)
        replaced = network.hold_validator("regulator", seed_of("a new key"))
        decide(network, {"kind": "replace-validator", "key": str(replaced), "validator": "regulator"})
        network.beacon(now(network))
        assert len(network.signers.history.policies) == 2
        assert network.policy.witnesses["regulator"] == replaced
        verify_export(export(network, tmp_path / "export"), first, "policy")


def test_F09_a_channel_begins_with_the_genesis_that_was_voted_and_no_other(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        with pytest.raises(LedgerError, match="has not created this channel"):
            network.create_channel(NEW)
        propose_channel(network)
        draft = tmp_path / "ledger" / draft_path(NEW, network.registered[NEW].genesis_hash)
        voted = draft.read_bytes()
        with pytest.raises(LedgerError, match=f"begin it before the next beacon round.*|{NEW}") as waits:
            network.beacon(now(network))
        assert waits.value.code == "channel-waits"
        draft.write_bytes(voted.replace(b'"lot_wh":', b'"lot_wh":1'))
        with pytest.raises(LedgerError) as refused:
            network.create_channel(NEW)
        assert refused.value.code == "genesis-hash"
        draft.unlink()
        with pytest.raises(LedgerError) as refused:
            network.create_channel(NEW)
        assert refused.value.code == "no-draft"
        draft.write_bytes(voted)
        network.create_channel(NEW)
        assert leaf_hash(network.channels[NEW].entries[0]).hex() == network.registered[NEW].genesis_hash
        with pytest.raises(LedgerError, match="begun already"):
            network.create_channel(NEW)
        network.beacon(now(network))
        assert NEW in [head.channel for head in network.leaves[-1].heads]


def test_a_channel_that_waits_to_be_begun_does_not_keep_the_folder_from_opening(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        propose_channel(network)
    with reopened(tmp_path / "ledger") as network:
        assert NEW not in network.channels and NEW in network.registered
        network.create_channel(NEW)
        network.commit(NEW, now(network))
    with reopened(tmp_path / "ledger") as network:
        network.beacon(now(network))
        verify_export(export(network, tmp_path / "export"), network.policy.text, "policy")


def test_a_name_is_drafted_once(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        for name in (AREA, GOVERNANCE, BEACON, "../x"):
            with pytest.raises(ChainError):
                network.draft_channel(name, "350300", now(network), seed_of(name))


@pytest.mark.parametrize(
    "parameters", [{"auction": {"tick": "x"}}, {"record": {"unknown": 1}}], ids=["no integer", "no such parameter"]
)
def test_a_draft_that_could_not_begin_is_refused_before_the_vote(
    parameters: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    with found(tmp_path / "ledger") as network:
        with pytest.raises(ChainError):
            network.draft_channel(NEW, "350300", now(network), seed_of(NEW), parameters)
        assert not (tmp_path / "ledger" / NEW).exists()


def test_F09_a_retired_channel_takes_one_last_block_and_stays_in_the_record(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        decide(network, {"kind": "retire-channel", "channel": AREA})
        network.commit(AREA, now(network))
        assert not network.channels[AREA].replica.is_closed
        network.beacon(now(network))
        seal = request(network, signer("regulator"), "record", "seal", {}, AREA)
        outcome = network.commit(AREA, now(network), [seal]).outcomes[0]
        assert outcome.dropped is not None and outcome.dropped.code == "retired"
        assert network.channels[AREA].replica.is_closed
        with pytest.raises(LedgerError, match="retired"):
            network.commit(AREA, now(network))
        network.beacon(now(network))
        assert [head.closed for head in network.leaves[-1].heads if head.channel == AREA] == [True]
        verify_export(export(network, tmp_path / "export"), network.policy.text, "policy")
    with reopened(tmp_path / "ledger") as network:
        assert network.channels[AREA].replica.is_closed
        verify_export(export(network, tmp_path / "again"), network.policy.text, "policy")


def test_a_retired_channel_with_rows_is_sealed_by_its_last_block(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        rows = METER_READINGS.encode_lines([("plant-1", START_MS, 60, 5)])
        network.commit(
            AREA,
            now(network),
            [request(network, signer("national-centre"), "certificate", "record_readings", {}, AREA, rows)],
        )
        decide(network, {"kind": "retire-channel", "channel": AREA})
        network.beacon(now(network))
        target = export(network, tmp_path / "export")
        assert network.channels[AREA].replica.is_closed
        verify_export(target, network.policy.text, "policy")


def test_a_channel_that_is_not_there_is_our_own_error(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network, pytest.raises(LedgerError) as refused:
        network.commit("area-9", now(network))
    assert refused.value.code == "channel-unknown"


def test_a_validator_whose_signing_state_is_lost_is_silent_until_its_key_is_replaced(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        network.beacon(now(network))
        lost = network.policy.witnesses["dispatcher"]
    forget(tmp_path / "ledger", f"{lost.name}+{lost.key_id.hex()}")
    with reopened(tmp_path / "ledger") as network:
        assert network.signers.lost == ("dispatcher",)
        network.commit(AREA, now(network))
        assert network.signers._state.size(lost, f"gridproof/council/{AREA}") == 0
        key = network.hold_validator("dispatcher", seed_of("dispatcher anew"))
        decide(network, {"kind": "replace-validator", "key": str(key), "validator": "dispatcher"})
        network.beacon(now(network))
        assert network.signers.lost == ()
        verify_export(export(network, tmp_path / "export"), network.signers.history.policies[0].text, "policy")
    with reopened(tmp_path / "ledger") as network:
        assert network.signers.lost == ()


def forget(ledger: Path, key: str) -> None:
    """Signing state as it were without this key."""
    with Journal(ledger / SIGNING_STATE) as journal:
        records = [msgspec.msgpack.decode(record) for record in journal.records()]
    (ledger / SIGNING_STATE).unlink()
    with Journal(ledger / SIGNING_STATE) as journal:
        for keys, *rest in records:
            journal.append(msgspec.msgpack.encode([[one for one in keys if one != key], *rest]))


def test_a_key_in_force_that_comes_from_elsewhere_has_no_signing_state_here(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    with found(folder) as network:
        lost = network.policy.witnesses["dispatcher"]
    content = msgspec.json.decode((folder / KEYS).read_bytes())
    del content["validators"]["dispatcher"]
    (folder / KEYS).write_bytes(msgspec.json.encode(content))
    forget(folder, f"{lost.name}+{lost.key_id.hex()}")
    with reopened(folder) as network:
        assert network.signers.lost == ()
        assert network.hold_validator("dispatcher", seed_of("validator/dispatcher")) == lost
        assert network.signers.lost == ("dispatcher",)
        network.beacon(now(network))
        assert network.signers._state.size(lost, f"gridproof/council/{BEACON}") == 0


def test_two_lost_signing_states_of_four_stop_the_network(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        lost = [network.policy.witnesses[name] for name in MEMBERS[:2]]
    for key in lost:
        forget(tmp_path / "ledger", f"{key.name}+{key.key_id.hex()}")
    with pytest.raises(LedgerError) as refused:
        reopened(tmp_path / "ledger")
    assert refused.value.code == "signing-state"


def test_a_clock_that_jumps_back_stops_the_network_until_it_has_caught_up(tmp_path: Path) -> None:
    class Clock(SimulatedClock):
        def back(self, time_ms: int) -> None:
            self._now_ms = time_ms

    clock = Clock(START_MS + HOUR_MS)
    with found(tmp_path / "ledger", clock) as network:
        network.commit(AREA, START_MS + 60_000)
        clock.back(START_MS + 1_000)
        for call in (network.beacon, lambda time_ms: network.commit(AREA, time_ms)):
            with pytest.raises(LedgerError) as refused:
                call(START_MS + 60_001)
            assert refused.value.code == "clock"
        clock.back(START_MS + 2 * HOUR_MS)
        network.commit(AREA, START_MS + 70_000)
        network.beacon(START_MS + 70_000)
    with pytest.raises(LedgerError) as refused:
        reopened(tmp_path / "ledger", SimulatedClock(START_MS))
    assert refused.value.code == "clock"
    with reopened(tmp_path / "ledger", SimulatedClock(FAR_MS)) as network:
        assert network.channels[AREA].replica.height == 2
        network.commit(AREA, now(network))


def lose_handover(ledger: Path) -> None:
    (ledger / handover_path(1)).unlink()


def garble_handover(ledger: Path) -> None:
    (ledger / handover_path(1)).write_bytes(b"x")


def other_handover(ledger: Path) -> None:
    note = (ledger / handover_path(1)).read_bytes()
    size = parse_checkpoint(parse_note(note).text).size
    (ledger / handover_path(1)).write_bytes(note.replace(b"\n%d\n" % size, b"\n%d\n" % (size + 1)))


def cut_handover(ledger: Path) -> None:
    """Down to the log's own signature: the text is right, nobody's quorum has signed it."""
    path = ledger / handover_path(1)
    note = parse_note(path.read_bytes())
    path.write_bytes(encode_note(replace(note, signatures=note.signatures[:1])))


def handover_of_the_old_alone(ledger: Path) -> None:
    """Without the validator that only the new policy has there is no quorum of the new one."""
    path = ledger / handover_path(1)
    note = parse_note(path.read_bytes())
    old = [one for one in note.signatures if not one.name.endswith(FIFTH)]
    path.write_bytes(encode_note(replace(note, signatures=tuple(old[:-1]))))


def handover_that_a_stranger_signed_too(ledger: Path) -> None:
    path = ledger / handover_path(1)
    note = parse_note(path.read_bytes())
    stranger = SigningKey("gridproof/little/validator/stranger", COSIGNATURE_V1, seed_of("stranger"))
    path.write_bytes(encode_note(replace(note, signatures=(*note.signatures, stranger.cosign(note.text, 1)))))


def lose_policy(ledger: Path) -> None:
    (ledger / policy_path(1)).unlink()


def other_policy(ledger: Path) -> None:
    text = (ledger / policy_path(1)).read_bytes()
    (ledger / policy_path(1)).write_bytes(text.replace(b"validators 4 ", b"validators 3 "))


@pytest.mark.parametrize(
    "damage",
    [
        lose_handover,
        garble_handover,
        other_handover,
        cut_handover,
        handover_of_the_old_alone,
        handover_that_a_stranger_signed_too,
        lose_policy,
        other_policy,
    ],
)
def test_lost_or_foreign_policy_files_are_refused_with_our_own_error(damage: Any, tmp_path: Path) -> None:
    with with_fifth(tmp_path / "ledger") as network:
        network.beacon(now(network))
    damage(tmp_path / "ledger")
    with pytest.raises(ChainError) as refused:
        reopened(tmp_path / "ledger")
    assert refused.value.code in ("handover", "policy")


def test_a_reader_who_pinned_the_first_policy_goes_on_trusting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDPROOF_TRUST", str(tmp_path / "trust"))
    with with_fifth(tmp_path / "ledger") as network:
        pin_policy("council", network.signers.history.policies[0].text)
        target = export(network, tmp_path / "export")
    given = reader_policy(target, None)
    assert given.source == "pinned"
    assert verify_export(target, given.text, given.source).record.anchor.is_readers
