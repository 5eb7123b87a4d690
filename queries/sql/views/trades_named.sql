-- grain: one row per trade, with the names of both sides and when the round was played
-- source: trades, participants_now, triggers
-- evidence: trades
CREATE VIEW trades_named AS
SELECT
    t.channel,
    t.entry,
    t.position,
    t.session,
    t.round,
    t.trade,
    g."time",
    t.buyer,
    b.name_zh AS buyer_name_zh,
    b.name_en AS buyer_name_en,
    t.seller,
    s.name_zh AS seller_name_zh,
    s.name_en AS seller_name_en,
    t.quantity_wh,
    t.buyer_price_fen_per_mwh,
    t.seller_price_fen_per_mwh,
    t.paid_e8,
    t.received_e8,
    t.buyer_fee_e8,
    t.seller_fee_e8
FROM trades AS t
JOIN triggers AS g ON g.channel = t.channel AND g.entry = t.entry
LEFT JOIN participants_now AS b ON b.account = t.buyer
LEFT JOIN participants_now AS s ON s.account = t.seller;
COMMENT ON COLUMN trades_named.channel IS 'market area';
COMMENT ON COLUMN trades_named.entry IS 'the trigger that played the round';
COMMENT ON COLUMN trades_named.position IS 'order within the entry, from 0';
COMMENT ON COLUMN trades_named.session IS 'the session';
COMMENT ON COLUMN trades_named.round IS 'number of the round, from 1';
COMMENT ON COLUMN trades_named.trade IS 'number within the session, in matching order';
COMMENT ON COLUMN trades_named."time" IS 'when the round was played';
COMMENT ON COLUMN trades_named.buyer IS 'account';
COMMENT ON COLUMN trades_named.buyer_name_zh IS 'Chinese name of the buyer';
COMMENT ON COLUMN trades_named.buyer_name_en IS 'English name of the buyer';
COMMENT ON COLUMN trades_named.seller IS 'account';
COMMENT ON COLUMN trades_named.seller_name_zh IS 'Chinese name of the seller';
COMMENT ON COLUMN trades_named.seller_name_en IS 'English name of the seller';
COMMENT ON COLUMN trades_named.quantity_wh IS 'energy, Wh';
COMMENT ON COLUMN trades_named.buyer_price_fen_per_mwh IS 'what the buyer pays before fees, fen/MWh';
COMMENT ON COLUMN trades_named.seller_price_fen_per_mwh IS 'what the seller receives before fees, fen/MWh';
COMMENT ON COLUMN trades_named.paid_e8 IS 'paid by the buyer before fees, 1e-8 CNY';
COMMENT ON COLUMN trades_named.received_e8 IS 'received by the seller before fees, 1e-8 CNY';
COMMENT ON COLUMN trades_named.buyer_fee_e8 IS 'the buyer''s part of the network fee, 1e-8 CNY';
COMMENT ON COLUMN trades_named.seller_fee_e8 IS 'the seller''s part of the network fee, 1e-8 CNY';
