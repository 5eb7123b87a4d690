-- grain: one row: everything ever issued, before any split
-- units: Wh
SELECT
    count(*) AS bundles,
    coalesce(sum(quantity_wh), 0) AS quantity_wh,
    count(DISTINCT plant) AS plants
FROM certificates
WHERE parent IS NULL
