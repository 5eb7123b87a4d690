-- grain: one row: a bundle at its birth, with its plant and its present state
-- units: Wh
SELECT
    c.channel, c.entry, c.position, c.bundle, c.parent, c.certificate_class, c.plant, c.technology_code, c.fuel_code,
    c.interval_start, c.interval_end, c.first_wh, c.last_wh, c.quantity_wh, n.owner, n.status, n.published,
    p.name_en AS plant_name_en, p.name_zh AS plant_name_zh, p.capacity_w
FROM certificates AS c
JOIN certificates_now AS n ON n.channel = c.channel AND n.bundle = c.bundle
LEFT JOIN (
    SELECT channel, plant, name_en, name_zh, capacity_w
    FROM plants
    QUALIFY row_number() OVER (PARTITION BY channel, plant ORDER BY entry DESC, position DESC) = 1
) AS p ON p.channel = c.channel AND p.plant = c.plant
WHERE c.bundle = $bundle
