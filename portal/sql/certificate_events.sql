-- grain: one row per event of a bundle, in the order of the log
-- units: Wh, fen/MWh
SELECT
    channel, entry, position, event, "time", status, published, quantity_wh, from_account, to_account, reference,
    price_fen_per_mwh, beneficiary, beneficiary_account, purpose, period_start, period_end
FROM certificate_events
WHERE bundle = $bundle
ORDER BY channel, entry, position
