-- grain: one row per version of the account `?`, the registration first, the current one last
-- source: participants
SELECT entry, position
FROM participants
WHERE channel = 'governance' AND account = ?
ORDER BY entry, position
