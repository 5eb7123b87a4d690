-- grain: one row per trade
-- source: contract auction
-- evidence: trades
COMMENT ON COLUMN trades.channel IS 'market area';
COMMENT ON COLUMN trades.entry IS 'the trigger that played the round';
COMMENT ON COLUMN trades.position IS 'order within the entry, from 0';
COMMENT ON COLUMN trades.session IS 'the session';
COMMENT ON COLUMN trades.round IS 'number of the round, from 1';
COMMENT ON COLUMN trades.trade IS 'number within the session, in matching order';
COMMENT ON COLUMN trades.buyer IS 'account';
COMMENT ON COLUMN trades.bid_entry IS 'entry of the bid''s declaration';
COMMENT ON COLUMN trades.bid_row IS 'position of the bid in it';
COMMENT ON COLUMN trades.seller IS 'account';
COMMENT ON COLUMN trades.ask_entry IS 'entry of the ask''s declaration';
COMMENT ON COLUMN trades.ask_row IS 'position of the ask in it';
COMMENT ON COLUMN trades.quantity_wh IS 'energy, Wh';
COMMENT ON COLUMN trades.bid_fen_per_mwh IS 'the bid when it was matched, fen/MWh';
COMMENT ON COLUMN trades.ask_fen_per_mwh IS 'the ask when it was matched, fen/MWh';
COMMENT ON COLUMN trades.buyer_price_fen_per_mwh IS 'what the buyer pays before fees, fen/MWh';
COMMENT ON COLUMN trades.seller_price_fen_per_mwh IS 'what the seller receives before fees, fen/MWh';
COMMENT ON COLUMN trades.paid_e8 IS 'paid by the buyer before fees, 1e-8 CNY';
COMMENT ON COLUMN trades.received_e8 IS 'received by the seller before fees, 1e-8 CNY';
COMMENT ON COLUMN trades.fee_fen_per_mwh IS 'network fee of both together, fen/MWh';
COMMENT ON COLUMN trades.buyer_fee_e8 IS 'the buyer''s part of the network fee, 1e-8 CNY';
COMMENT ON COLUMN trades.seller_fee_e8 IS 'the seller''s part of the network fee, 1e-8 CNY';
