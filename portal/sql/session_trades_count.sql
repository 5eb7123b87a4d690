-- grain: one row: trades of a session, or of one of its rounds ($round 0: all), and their fees
-- units: Wh, 1e-8 CNY
SELECT
    count(*) AS trades,
    coalesce(sum(quantity_wh), 0) AS quantity_wh,
    coalesce(sum(paid_e8), 0) AS paid_e8,
    coalesce(sum(received_e8), 0) AS received_e8,
    coalesce(sum(buyer_fee_e8), 0) AS buyer_fee_e8,
    coalesce(sum(seller_fee_e8), 0) AS seller_fee_e8
FROM trades
WHERE channel = $channel AND session = $session AND $round IN (0, round)
