-- grain: one row per order that a member signed, with its declaration's account, session and outcome
-- source: orders_submitted, transactions
-- evidence: orders_submitted
CREATE VIEW orders AS
SELECT
    o.channel,
    o.entry,
    o.position,
    t.account,
    t.arguments ->> 'session' AS session,
    t."time",
    o.side,
    o.price_fen_per_mwh,
    o.limit_fen_per_mwh,
    o.quantity_wh,
    t.status,
    t.code
FROM orders_submitted AS o
JOIN transactions AS t ON t.channel = o.channel AND t.entry = o.entry;
COMMENT ON COLUMN orders.channel IS 'market area';
COMMENT ON COLUMN orders.entry IS 'the declaration';
COMMENT ON COLUMN orders.position IS 'order within the declaration, from 0';
COMMENT ON COLUMN orders.account IS 'who signed it';
COMMENT ON COLUMN orders.session IS 'for which session';
COMMENT ON COLUMN orders."time" IS 'ledger time of the declaration';
COMMENT ON COLUMN orders.side IS 'bid (to buy) or ask (to sell)';
COMMENT ON COLUMN orders.price_fen_per_mwh IS 'first price, fen/MWh, may be negative';
COMMENT ON COLUMN orders.limit_fen_per_mwh IS 'how far rounds may move it, fen/MWh; null: not at all';
COMMENT ON COLUMN orders.quantity_wh IS 'energy, Wh';
COMMENT ON COLUMN orders.status IS 'accepted: on the book; rejected: on the record only';
COMMENT ON COLUMN orders.code IS 'ok, or why the declaration was rejected';
