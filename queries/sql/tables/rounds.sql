-- grain: one row per round of a session
-- source: contract auction
-- evidence: rounds
COMMENT ON COLUMN rounds.channel IS 'market area';
COMMENT ON COLUMN rounds.entry IS 'the trigger that played it';
COMMENT ON COLUMN rounds.position IS 'order within the entry, from 0';
COMMENT ON COLUMN rounds.session IS 'the session';
COMMENT ON COLUMN rounds.round IS 'number of the round, from 1';
COMMENT ON COLUMN rounds.status IS 'cleared, suspended, no_trade, one_sided or empty';
COMMENT ON COLUMN rounds.declarations IS 'declarations on the book';
COMMENT ON COLUMN rounds.moved_orders IS 'orders whose price the round moved';
COMMENT ON COLUMN rounds.lowest_ask_fen_per_mwh IS 'fen/MWh, before matching';
COMMENT ON COLUMN rounds.highest_bid_fen_per_mwh IS 'fen/MWh, before matching';
COMMENT ON COLUMN rounds.trades IS 'trades of the round';
COMMENT ON COLUMN rounds.traded_wh IS 'energy traded, Wh';
COMMENT ON COLUMN rounds.price_fen_per_mwh IS 'the one price of a uniform round, fen/MWh; else null';
COMMENT ON COLUMN rounds.paid_e8 IS 'paid by buyers before fees, 1e-8 CNY';
COMMENT ON COLUMN rounds.received_e8 IS 'received by sellers before fees, 1e-8 CNY';
COMMENT ON COLUMN rounds.welfare_e8 IS 'sum of (bid - ask) x quantity, 1e-8 CNY';
COMMENT ON COLUMN rounds.reference_ask_fen_per_mwh IS 'ask of the last trade, fen/MWh: reference of the next round';
COMMENT ON COLUMN rounds.reference_bid_fen_per_mwh IS 'bid of the last trade, fen/MWh: reference of the next round';
