-- grain: one row per bundle that a bundle was split into
-- units: Wh
SELECT bundle, quantity_wh, owner, status
FROM certificates_now
WHERE parent = $bundle
ORDER BY bundle
