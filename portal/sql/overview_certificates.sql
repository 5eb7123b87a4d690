-- grain: one row per present status of certificate bundles, with how many are published
-- units: Wh
SELECT
    status,
    count(*) AS bundles,
    sum(quantity_wh) AS quantity_wh,
    count(*) FILTER (published) AS published_bundles,
    coalesce(sum(quantity_wh) FILTER (published), 0) AS published_wh
FROM certificates_now
GROUP BY status
ORDER BY status
