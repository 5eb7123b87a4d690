-- grain: one row per beacon round and channel
-- source: log
-- evidence: none
CREATE TABLE beacon_rounds (
    round BIGINT, "time" TIMESTAMPTZ, policy_sha256 VARCHAR, channel VARCHAR, size BIGINT, root VARCHAR, height BIGINT,
    closed BOOLEAN
);
COMMENT ON COLUMN beacon_rounds.round IS 'leaf of the beacon, from 0';
COMMENT ON COLUMN beacon_rounds."time" IS 'of the round';
COMMENT ON COLUMN beacon_rounds.policy_sha256 IS 'of the policy that it was signed under, hex';
COMMENT ON COLUMN beacon_rounds.channel IS 'the channel pinned';
COMMENT ON COLUMN beacon_rounds.size IS 'entries of its log then';
COMMENT ON COLUMN beacon_rounds.root IS 'root over them, hex';
COMMENT ON COLUMN beacon_rounds.height IS 'of its last block then';
COMMENT ON COLUMN beacon_rounds.closed IS 'whether nothing will follow';
