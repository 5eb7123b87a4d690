-- grain: one row per order as its member signed it, of rejected declarations too; `orders` says who, when and whether
-- source: contract auction
-- evidence: orders_submitted
COMMENT ON COLUMN orders_submitted.channel IS 'market area';
COMMENT ON COLUMN orders_submitted.entry IS 'the declaration';
COMMENT ON COLUMN orders_submitted.position IS 'order within the declaration, from 0';
COMMENT ON COLUMN orders_submitted.side IS 'bid (to buy) or ask (to sell)';
COMMENT ON COLUMN orders_submitted.price_fen_per_mwh IS 'first price, fen/MWh, may be negative';
COMMENT ON COLUMN orders_submitted.limit_fen_per_mwh IS 'how far rounds may move it, fen/MWh; null: not at all';
COMMENT ON COLUMN orders_submitted.quantity_wh IS 'energy, Wh';
COMMENT ON COLUMN orders_submitted.salt IS '16 random bytes, hex, that keep a sealed order from being guessed; null: none';
