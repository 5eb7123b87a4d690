-- grain: one row: bundles that pass the filter of certificates_list, and their energy
-- units: Wh
SELECT count(*) AS bundles, coalesce(sum(quantity_wh), 0) AS quantity_wh
FROM certificates_now
WHERE
    ($status = '' OR status = $status)
    AND ($channel = '' OR channel = $channel)
    AND ($owner = '' OR owner = $owner)
    AND ($plant = '' OR plant = $plant)
    AND ($technology = '' OR technology_code = $technology)
    AND ($event = '' OR last_event = $event)
