-- grain: one row per bundle as it stands now, filtered (an empty parameter: any), newest production first
-- units: Wh
SELECT
    channel, entry, position, bundle, plant, technology_code, interval_start, interval_end, quantity_wh, owner, status,
    published, last_event, last_time
FROM certificates_now
WHERE
    ($status = '' OR status = $status)
    AND ($channel = '' OR channel = $channel)
    AND ($owner = '' OR owner = $owner)
    AND ($plant = '' OR plant = $plant)
    AND ($technology = '' OR technology_code = $technology)
    AND ($event = '' OR last_event = $event)
ORDER BY interval_start DESC, bundle
LIMIT $limit OFFSET $offset
