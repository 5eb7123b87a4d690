-- grain: one row per bundle, as it stands after its last event
-- source: certificates, certificate_events
-- evidence: certificate_events
CREATE VIEW certificates_now AS
WITH latest AS (
    SELECT channel, entry, position, bundle, "time", status, published, event
    FROM certificate_events
    QUALIFY row_number() OVER (PARTITION BY channel, bundle ORDER BY entry DESC, position DESC) = 1
),
owners AS (
    SELECT channel, bundle, arg_max(to_account, (entry, position)) AS owner
    FROM certificate_events
    WHERE to_account IS NOT NULL
    GROUP BY channel, bundle
)
SELECT
    l.channel,
    l.entry,
    l.position,
    c.bundle,
    c.parent,
    c.plant,
    c.technology_code,
    c.fuel_code,
    c.interval_start,
    c.interval_end,
    c.quantity_wh,
    coalesce(o.owner, c.owner) AS owner,
    l.status,
    l.published,
    l.event AS last_event,
    l."time" AS last_time
FROM certificates AS c
JOIN latest AS l ON l.channel = c.channel AND l.bundle = c.bundle
LEFT JOIN owners AS o ON o.channel = c.channel AND o.bundle = c.bundle;
COMMENT ON COLUMN certificates_now.channel IS 'market area';
COMMENT ON COLUMN certificates_now.entry IS 'of its last event';
COMMENT ON COLUMN certificates_now.position IS 'order within the entry, from 0';
COMMENT ON COLUMN certificates_now.bundle IS 'the bundle';
COMMENT ON COLUMN certificates_now.parent IS 'bundle that it was split from; null: born by issue';
COMMENT ON COLUMN certificates_now.plant IS 'where the energy was produced';
COMMENT ON COLUMN certificates_now.technology_code IS 'EECS Rules Fact Sheet 5';
COMMENT ON COLUMN certificates_now.fuel_code IS 'EECS Rules Fact Sheet 5';
COMMENT ON COLUMN certificates_now.interval_start IS 'production begins';
COMMENT ON COLUMN certificates_now.interval_end IS 'production ends, exclusive';
COMMENT ON COLUMN certificates_now.quantity_wh IS 'energy, Wh';
COMMENT ON COLUMN certificates_now.owner IS 'account that holds it, or held it last';
COMMENT ON COLUMN certificates_now.status IS 'active, split or cancelled';
COMMENT ON COLUMN certificates_now.published IS 'whether it is offered to all';
COMMENT ON COLUMN certificates_now.last_event IS 'what happened last';
COMMENT ON COLUMN certificates_now.last_time IS 'when';
