-- the largest trades, with the coordinates that evidence needs
SELECT channel, entry, position, session, buyer, seller, quantity_wh, buyer_price_fen_per_mwh, cny(paid_e8) AS cny
FROM trades
ORDER BY paid_e8 DESC, channel, entry, position
LIMIT 20
