-- grain: one row per order at its end: when a suspended round returned it, or at the close
-- source: contract auction
-- evidence: order_results
COMMENT ON COLUMN order_results.channel IS 'market area';
COMMENT ON COLUMN order_results.entry IS 'the trigger that ended it';
COMMENT ON COLUMN order_results.position IS 'order within the entry, from 0';
COMMENT ON COLUMN order_results.session IS 'the session';
COMMENT ON COLUMN order_results.order_entry IS 'entry of its declaration';
COMMENT ON COLUMN order_results.order_row IS 'its position in the declaration';
COMMENT ON COLUMN order_results.account IS 'whose order';
COMMENT ON COLUMN order_results.side IS 'bid (to buy) or ask (to sell)';
COMMENT ON COLUMN order_results.status IS 'filled, partly_filled, returned, …';
COMMENT ON COLUMN order_results.quantity_wh IS 'energy declared, Wh';
COMMENT ON COLUMN order_results.traded_wh IS 'energy traded, Wh';
COMMENT ON COLUMN order_results.initial_fen_per_mwh IS 'price declared, fen/MWh';
COMMENT ON COLUMN order_results.last_fen_per_mwh IS 'price at the end, fen/MWh';
COMMENT ON COLUMN order_results.round IS 'last round played';
