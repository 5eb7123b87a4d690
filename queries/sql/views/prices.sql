-- grain: one row per session with trades: its volume and volume-weighted prices before fees
-- source: trades, sessions
-- evidence: none
-- The exact prices are the ratios paid_e8 / quantity_wh and received_e8 / quantity_wh (both in fen/MWh); the rounded
-- ones are their nearest integers, halves away from zero.
CREATE VIEW prices AS
SELECT
    t.channel,
    t.session,
    any_value(s.delivery_start) AS delivery_start,
    count(*) AS trades,
    sum(t.quantity_wh) AS quantity_wh,
    sum(t.paid_e8) AS paid_e8,
    sum(t.received_e8) AS received_e8,
    ratio_rounded(sum(t.paid_e8), sum(t.quantity_wh)) AS buyer_price_fen_per_mwh,
    ratio_rounded(sum(t.received_e8), sum(t.quantity_wh)) AS seller_price_fen_per_mwh,
    min(t.buyer_price_fen_per_mwh) AS lowest_fen_per_mwh,
    max(t.buyer_price_fen_per_mwh) AS highest_fen_per_mwh
FROM trades AS t
LEFT JOIN sessions AS s ON s.channel = t.channel AND s.session = t.session
GROUP BY t.channel, t.session;
COMMENT ON COLUMN prices.channel IS 'market area';
COMMENT ON COLUMN prices.session IS 'the session';
COMMENT ON COLUMN prices.delivery_start IS 'the hour traded begins; null while it is not settled';
COMMENT ON COLUMN prices.trades IS 'how many';
COMMENT ON COLUMN prices.quantity_wh IS 'energy traded, Wh';
COMMENT ON COLUMN prices.paid_e8 IS 'paid by buyers before fees, 1e-8 CNY';
COMMENT ON COLUMN prices.received_e8 IS 'received by sellers before fees, 1e-8 CNY';
COMMENT ON COLUMN prices.buyer_price_fen_per_mwh IS 'paid_e8 / quantity_wh, fen/MWh, nearest, halves away from zero';
COMMENT ON COLUMN prices.seller_price_fen_per_mwh IS 'received_e8 / quantity_wh, fen/MWh, rounded likewise';
COMMENT ON COLUMN prices.lowest_fen_per_mwh IS 'lowest price that a buyer paid, fen/MWh';
COMMENT ON COLUMN prices.highest_fen_per_mwh IS 'highest price that a buyer paid, fen/MWh';
