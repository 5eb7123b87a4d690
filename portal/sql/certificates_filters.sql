-- grain: one row per value that the list of bundles can be filtered by
SELECT DISTINCT 'owner' AS filter, owner AS value FROM certificates_now
UNION SELECT DISTINCT 'plant', plant FROM certificates_now
UNION SELECT DISTINCT 'technology', technology_code FROM certificates_now
UNION SELECT DISTINCT 'event', last_event FROM certificates_now
ORDER BY filter, value
