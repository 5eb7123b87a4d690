-- grain: one row per session and account with trades
-- source: contract auction
-- evidence: settlements
COMMENT ON COLUMN settlements.channel IS 'market area';
COMMENT ON COLUMN settlements.entry IS 'the trigger that settled';
COMMENT ON COLUMN settlements.position IS 'order within the entry, from 0';
COMMENT ON COLUMN settlements.session IS 'the session';
COMMENT ON COLUMN settlements.account IS 'who is settled';
COMMENT ON COLUMN settlements.side IS 'bid (bought) or ask (sold)';
COMMENT ON COLUMN settlements.trades IS 'how many';
COMMENT ON COLUMN settlements.traded_wh IS 'energy, Wh';
COMMENT ON COLUMN settlements.energy_e8 IS 'price of the energy, 1e-8 CNY';
COMMENT ON COLUMN settlements.fee_e8 IS 'the account''s network fees, 1e-8 CNY';
COMMENT ON COLUMN settlements.net_e8 IS 'receives (+) or pays (-), fees included, 1e-8 CNY';
