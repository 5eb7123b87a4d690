-- grain: one row per account: the current version of its participant
-- source: participants
-- evidence: participants
CREATE VIEW participants_now AS
SELECT
    channel, entry, position, account, kind, organisation, area, zone, voltage, name_zh, name_en, roles, status, "time"
FROM participants
QUALIFY row_number() OVER (PARTITION BY account ORDER BY channel, entry DESC, position DESC) = 1;
COMMENT ON COLUMN participants_now.channel IS 'governance';
COMMENT ON COLUMN participants_now.entry IS 'where it was last written';
COMMENT ON COLUMN participants_now.position IS 'order within the entry, from 0';
COMMENT ON COLUMN participants_now.account IS 'what it signs and trades as';
COMMENT ON COLUMN participants_now.kind IS 'generator, consumer, prosumer, retailer, aggregator, …; operator: acts for an institution';
COMMENT ON COLUMN participants_now.organisation IS 'organisation that it acts for; empty: itself';
COMMENT ON COLUMN participants_now.area IS 'administrative code of its market area, GB/T 2260';
COMMENT ON COLUMN participants_now.zone IS 'grid zone inside the area; empty: none';
COMMENT ON COLUMN participants_now.voltage IS 'connection voltage class; empty: none';
COMMENT ON COLUMN participants_now.name_zh IS 'Chinese name';
COMMENT ON COLUMN participants_now.name_en IS 'English name';
COMMENT ON COLUMN participants_now.roles IS 'sorted, comma-separated';
COMMENT ON COLUMN participants_now.status IS 'at present';
COMMENT ON COLUMN participants_now."time" IS 'of that version';
