-- grain: one row per block; `entry` is the block entry that closes it
-- source: log
-- evidence: entry
CREATE TABLE blocks (
    channel VARCHAR, entry BIGINT, height BIGINT, "time" TIMESTAMPTZ, first_entry BIGINT, entries BIGINT,
    beacon_round BIGINT, previous_root VARCHAR, catalogue_root VARCHAR, state_root VARCHAR
);
COMMENT ON COLUMN blocks.channel IS 'whose log it is';
COMMENT ON COLUMN blocks.entry IS 'index of the block entry';
COMMENT ON COLUMN blocks.height IS 'number of the block, from 0';
COMMENT ON COLUMN blocks."time" IS 'when all of the block executed';
COMMENT ON COLUMN blocks.first_entry IS 'index of its first entry';
COMMENT ON COLUMN blocks.entries IS 'how many, the block entry included';
COMMENT ON COLUMN blocks.beacon_round IS 'round through which accounts were imported; -1: none';
COMMENT ON COLUMN blocks.previous_root IS 'root of the log before its first entry, hex';
COMMENT ON COLUMN blocks.catalogue_root IS 'root over all tables and segments, hex';
COMMENT ON COLUMN blocks.state_root IS 'root over the state, hex; null in a block without seals';
