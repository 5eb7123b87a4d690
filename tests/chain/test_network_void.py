"""A channel that the alliance retires before any round has pinned it: it is none, and it stops nobody."""

from pathlib import Path

import pytest

from chain.errors import LedgerError
from chain.export import export_network, seal_all
from chain.layout import origin
from chain.network import Network
from chain.note import ED25519, SigningKey
from chain.verify import verify_export
from tests.chain.little_alliance import NAME, PRIVATE, decide, found, now, reopened
from tests.chain.little_network import AREA, seed_of, signer

NEW = "area-350300"
LOG = SigningKey(origin(NAME, NEW), ED25519, seed_of(NEW)).verifier_key


def vote_for_one_that_cannot_begin(network: Network) -> None:
    """Nobody has, or can make, a genesis of this hash."""
    action = {"area": "350300", "channel": NEW, "genesis_hash": "ab" * 32, "log": str(LOG), "openness": "managers"}
    decide(network, {"kind": "create-channel", **action})


def retire(network: Network) -> None:
    decide(network, {"kind": "retire-channel", "channel": NEW})


def check_goes_on(network: Network, target: Path) -> None:
    """Rounds, blocks, an export that a reader of the first policy follows; the void channel is in none of them."""
    first = network.signers.history.policies[0].text
    network.beacon(now(network))
    network.commit(AREA, now(network))
    seal_all(network, signer("regulator"), now(network))
    assert NEW not in [head.channel for head in network.leaves[-1].heads]
    assert network.pinned.keys() == {AREA, PRIVATE}
    export_network(network, target, profile="public")
    for policy in (first, network.policy.text):
        record = verify_export(target, policy, "policy").record
        assert record.registered.keys() == {AREA, PRIVATE} and record.withheld.keys() == {PRIVATE}
        assert record.anchor.own.log_key(LOG.name) is not None


def test_a_channel_that_cannot_begin_stops_the_beacon_until_it_is_retired(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        vote_for_one_that_cannot_begin(network)
        with pytest.raises(LedgerError, match="begin it before the next beacon round, or retire it"):
            network.beacon(now(network))
    with reopened(tmp_path / "ledger") as network:
        retire(network)
        with pytest.raises(LedgerError, match="retired this channel before it began"):
            network.create_channel(NEW)
        check_goes_on(network, tmp_path / "export")
    with reopened(tmp_path / "ledger") as network:
        check_goes_on(network, tmp_path / "again")


@pytest.mark.parametrize("reopens", [False, True])
def test_one_that_had_begun_is_put_aside(reopens: bool, tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        draft = network.draft_channel(NEW, "350300", now(network), seed_of(NEW))
        decide(network, {"kind": "create-channel", "openness": "managers", **draft})
        network.create_channel(NEW)
        network.commit(NEW, now(network))
        retire(network)
        if not reopens:
            check_goes_on(network, tmp_path / "export")
    with reopened(tmp_path / "ledger") as network:
        assert NEW not in network.channels
        check_goes_on(network, tmp_path / "again")
        with pytest.raises(LedgerError, match="retired this channel before it began"):
            network.create_channel(NEW)


def test_its_area_may_trade_elsewhere_and_its_name_is_gone(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        vote_for_one_that_cannot_begin(network)
        retire(network)
        with pytest.raises(LedgerError, match="there is, or was, a channel of this name"):
            network.draft_channel(NEW, "350300", now(network), seed_of("other"))
        draft = network.draft_channel("area-350300b", "350300", now(network), seed_of("other"))
        decide(network, {"kind": "create-channel", "openness": "public", **draft})
        network.create_channel("area-350300b")
        network.beacon(now(network))
        assert [head.channel for head in network.leaves[-1].heads] == [AREA, PRIVATE, "area-350300b", "governance"]
