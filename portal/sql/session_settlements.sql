-- grain: one row per account with trades in a session; buyers first, then by account
-- units: Wh, 1e-8 CNY; net: what the account receives (+) or pays (-), fees included
SELECT entry, position, account, side, trades, traded_wh, energy_e8, fee_e8, net_e8
FROM settlements
WHERE channel = $channel AND session = $session
ORDER BY side DESC, account
LIMIT $limit OFFSET $offset
