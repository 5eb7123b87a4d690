-- grain: one row per event that a receipt reports
-- source: log
-- evidence: entry
CREATE TABLE events (
    channel VARCHAR, entry BIGINT, number BIGINT, "time" TIMESTAMPTZ, name VARCHAR, data VARCHAR
);
COMMENT ON COLUMN events.channel IS 'where it is recorded';
COMMENT ON COLUMN events.entry IS 'the transaction or trigger';
COMMENT ON COLUMN events.number IS 'order within its receipt, from 0';
COMMENT ON COLUMN events."time" IS 'of its block';
COMMENT ON COLUMN events.name IS 'what happened, for instance session.settled';
COMMENT ON COLUMN events.data IS 'canonical JSON; ->> reads a member';
