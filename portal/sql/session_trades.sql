-- grain: one row per trade of a session, or of one of its rounds ($round 0: all), in matching order
-- units: Wh, fen/MWh, 1e-8 CNY
SELECT
    entry, position, round, trade, buyer, seller, quantity_wh, bid_fen_per_mwh, ask_fen_per_mwh,
    buyer_price_fen_per_mwh, seller_price_fen_per_mwh, paid_e8, received_e8, fee_fen_per_mwh, buyer_fee_e8,
    seller_fee_e8
FROM trades
WHERE channel = $channel AND session = $session AND $round IN (0, round)
ORDER BY entry, position
LIMIT $limit OFFSET $offset
