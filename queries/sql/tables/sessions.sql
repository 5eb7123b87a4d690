-- grain: one row per session, at its settlement
-- source: contract auction
-- evidence: sessions
COMMENT ON COLUMN sessions.channel IS 'market area';
COMMENT ON COLUMN sessions.entry IS 'the trigger that settled';
COMMENT ON COLUMN sessions.position IS 'order within the entry, from 0';
COMMENT ON COLUMN sessions.session IS 'its id: area and delivery hour, UTC+8';
COMMENT ON COLUMN sessions.delivery_start IS 'the hour traded begins';
COMMENT ON COLUMN sessions.delivery_end IS 'the hour traded ends';
COMMENT ON COLUMN sessions.opened IS 'when declaring began';
COMMENT ON COLUMN sessions.closed IS 'when trading ended';
COMMENT ON COLUMN sessions.status IS 'traded, no_trade or no_declarations';
COMMENT ON COLUMN sessions.pricing IS 'midpoint, uniform or pay_as_bid';
COMMENT ON COLUMN sessions.rounds IS 'rounds played';
COMMENT ON COLUMN sessions.suspensions IS 'rounds suspended';
COMMENT ON COLUMN sessions.declarations IS 'declarations accepted';
COMMENT ON COLUMN sessions.orders IS 'orders in them';
COMMENT ON COLUMN sessions.trades IS 'trades';
COMMENT ON COLUMN sessions.traded_wh IS 'energy traded, Wh';
COMMENT ON COLUMN sessions.paid_e8 IS 'paid by buyers before fees, 1e-8 CNY';
COMMENT ON COLUMN sessions.received_e8 IS 'received by sellers before fees, 1e-8 CNY';
COMMENT ON COLUMN sessions.fees_e8 IS 'network fees of both sides, 1e-8 CNY';
COMMENT ON COLUMN sessions.spread_e8 IS 'paid - received, to the balancing account, 1e-8 CNY';
COMMENT ON COLUMN sessions.welfare_e8 IS 'sum of (bid - ask) x quantity, 1e-8 CNY';
