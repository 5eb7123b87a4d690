-- certificates by technology and status
SELECT technology_code, status, count(*) AS bundles, mwh(sum(quantity_wh)) AS mwh
FROM certificates_now
GROUP BY ALL
ORDER BY ALL
