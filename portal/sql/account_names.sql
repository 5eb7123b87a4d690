-- grain: one row per participant: what it is called now
SELECT account, name_en, name_zh
FROM participants_now
ORDER BY account
