-- grain: one row per policy that became the newest on the record
-- source: contract alliance
-- evidence: policies
COMMENT ON COLUMN policies.channel IS 'governance';
COMMENT ON COLUMN policies.entry IS 'the vote that decided it; of genesis: the first block';
COMMENT ON COLUMN policies.position IS 'order within the entry, from 0';
COMMENT ON COLUMN policies.number IS '0: of genesis';
COMMENT ON COLUMN policies.policy_sha256 IS 'of the policy file, hex; the beacon rounds that are under it name it';
COMMENT ON COLUMN policies.validators IS 'how many there are';
COMMENT ON COLUMN policies.threshold IS 'how many of them are a quorum';
COMMENT ON COLUMN policies.logs IS 'how many it knows';
COMMENT ON COLUMN policies.faults_fork IS 'lying validators that it survives';
COMMENT ON COLUMN policies.faults_stop IS 'silent validators that it survives';
COMMENT ON COLUMN policies."time" IS 'of the block';
