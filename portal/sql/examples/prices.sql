-- volume and volume-weighted price of every session
SELECT
    channel,
    local_time(delivery_start) AS hour_utc8,
    mwh(quantity_wh) AS mwh,
    cny_per_mwh(buyer_price_fen_per_mwh) AS cny_per_mwh
FROM prices
ORDER BY delivery_start, channel
