-- grain: one row per settled session of every market area
-- units: Wh, 1e-8 CNY; before fees, except fees_e8
SELECT channel, entry, session, delivery_start, status, trades, traded_wh, paid_e8, received_e8, fees_e8, welfare_e8
FROM sessions
ORDER BY channel, delivery_start, session
