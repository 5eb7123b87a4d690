-- grain: one row per value that the list of bundles can be filtered by
WITH bundles AS MATERIALIZED (
    SELECT owner, plant, technology_code, last_event
    FROM certificates_now
)
SELECT DISTINCT 'owner' AS filter, owner AS value FROM bundles
UNION ALL SELECT DISTINCT 'plant', plant FROM bundles
UNION ALL SELECT DISTINCT 'technology', technology_code FROM bundles
UNION ALL SELECT DISTINCT 'event', last_event FROM bundles
ORDER BY filter, value
