-- grain: one row: accounts with trades in a session and the sum of their nets
-- units: 1e-8 CNY
SELECT count(*) AS accounts, coalesce(sum(net_e8), 0) AS net_e8
FROM settlements
WHERE channel = $channel AND session = $session
