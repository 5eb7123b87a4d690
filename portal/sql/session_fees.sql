-- grain: one row per fee rate that applied in a session
-- units: Wh, fen/MWh, 1e-8 CNY
SELECT
    fee_fen_per_mwh,
    count(*) AS trades,
    sum(quantity_wh) AS quantity_wh,
    sum(buyer_fee_e8) AS buyer_fee_e8,
    sum(seller_fee_e8) AS seller_fee_e8
FROM trades
WHERE channel = $channel AND session = $session
GROUP BY fee_fen_per_mwh
ORDER BY fee_fen_per_mwh
