-- what was refused, and why
SELECT channel, entry, "time", account, contract, method, code
FROM transactions
WHERE status = 'rejected'
ORDER BY channel, entry
