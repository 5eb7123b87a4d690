-- grain: one row: a settled session
-- units: Wh, 1e-8 CNY
SELECT *
FROM sessions
WHERE channel = $channel AND session = $session
