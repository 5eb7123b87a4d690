-- grain: one row per entry of a channel's log
-- source: log
-- evidence: entry
CREATE TABLE entries (
    channel VARCHAR, entry BIGINT, kind VARCHAR, height BIGINT, "time" TIMESTAMPTZ, bytes BIGINT, leaf_hash VARCHAR
);
COMMENT ON COLUMN entries.channel IS 'whose log it is';
COMMENT ON COLUMN entries.entry IS 'index in the log, from 0';
COMMENT ON COLUMN entries.kind IS 'genesis, transaction, trigger, seal or block';
COMMENT ON COLUMN entries.height IS 'block that holds it';
COMMENT ON COLUMN entries."time" IS 'of that block';
COMMENT ON COLUMN entries.bytes IS 'length of its canonical JSON';
COMMENT ON COLUMN entries.leaf_hash IS 'RFC 6962 leaf hash, hex';
