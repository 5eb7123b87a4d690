"""A market that is retired while a session is open, on a real network: restarted on the way, verified and replayed."""

from pathlib import Path

from audit import index_sessions, replay_session
from chain.contracts.auction_tables import ORDERS_SUBMITTED
from chain.export import export_network, seal_all
from chain.network import Network
from chain.record import open_record
from chain.units import HOUR_MS, MINUTE_MS
from chain.verify import verify_export
from tests.chain.little_alliance import accepted, decide, found, join, now, reopened, request
from tests.chain.little_network import AREA, signer

QUOTES = {"seller": ("ask", 30_000, None, 5_000, None), "buyer": ("bid", 40_000, None, 5_000, None)}


def test_F09_a_retired_market_settles_its_open_session_and_every_verifier_agrees(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    with found(folder) as network:
        for account in QUOTES:
            join(network, account)
        network.beacon(now(network))
        opening = now(network) // HOUR_MS * HOUR_MS + HOUR_MS
        network.commit(AREA, opening)
        session = network.channels[AREA].replica.state.items("auction.session")[0][0]
        for account, order in QUOTES.items():
            lines = ORDERS_SUBMITTED.encode_lines([order])
            declare = request(network, signer(account), "auction", "declare", {"session": session}, AREA, lines)
            accepted(network, declare)
        decide(network, {"kind": "retire-channel", "channel": AREA})
        network.beacon(now(network))
        network.commit(AREA, opening + 5 * MINUTE_MS)
        _verified(network, tmp_path / "meanwhile")
        assert network.channels[AREA].replica.is_retiring and not network.channels[AREA].replica.is_closed
        network.commit(AREA, opening + 20 * MINUTE_MS)
    with reopened(folder) as network:
        assert network.channels[AREA].replica.is_retiring and not network.channels[AREA].replica.is_closed
        network.commit(AREA, opening + 61 * MINUTE_MS)
        assert network.channels[AREA].replica.is_closed
        network.beacon(now(network))
        assert [head.closed for head in network.leaves[-1].heads if head.channel == AREA] == [True]
        _verified(network, tmp_path / "export")
        record = open_record(tmp_path / "export", network.policy.text, "policy")
    index = index_sessions(record, AREA)
    replays = [replay_session(record, AREA, name, index) for name in index.entries]
    assert [replay.differences for replay in replays] == [()] * len(replays)
    assert [replay.is_settled for replay in replays] == [True, False]
    assert [len(replay.entries) for replay in replays[1:]] == [1], "its opening, which opened nothing"


def _verified(network: Network, target: Path) -> None:
    seal_all(network, signer("regulator"), now(network))
    export_network(network, target)
    verify_export(target, network.policy.text, "policy")
