-- grain: one row per log and validator that cosigned its checkpoint
-- source: log
-- evidence: none
CREATE TABLE cosignatures (log VARCHAR, size BIGINT, root VARCHAR, validator VARCHAR, "time" TIMESTAMPTZ);
COMMENT ON COLUMN cosignatures.log IS 'a channel, or beacon';
COMMENT ON COLUMN cosignatures.size IS 'entries that were signed';
COMMENT ON COLUMN cosignatures.root IS 'root over them, hex';
COMMENT ON COLUMN cosignatures.validator IS 'its name in the policy';
COMMENT ON COLUMN cosignatures."time" IS 'of the cosignature';
