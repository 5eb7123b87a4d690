-- grain: one row per contract call that fell due without a person
-- source: log
-- evidence: entry
CREATE TABLE triggers (
    channel VARCHAR, entry BIGINT, height BIGINT, "time" TIMESTAMPTZ, contract VARCHAR, method VARCHAR, key VARCHAR,
    due TIMESTAMPTZ, status VARCHAR, code VARCHAR, detail VARCHAR
);
COMMENT ON COLUMN triggers.channel IS 'where it is recorded';
COMMENT ON COLUMN triggers.entry IS 'index in the log';
COMMENT ON COLUMN triggers.height IS 'block that holds it';
COMMENT ON COLUMN triggers."time" IS 'of that block: when it executed';
COMMENT ON COLUMN triggers.contract IS 'contract called';
COMMENT ON COLUMN triggers.method IS 'method called';
COMMENT ON COLUMN triggers.key IS 'what it was scheduled for, for instance a session';
COMMENT ON COLUMN triggers.due IS 'when it fell due';
COMMENT ON COLUMN triggers.status IS 'accepted';
COMMENT ON COLUMN triggers.code IS 'ok';
COMMENT ON COLUMN triggers.detail IS 'the receipt''s sentence';
