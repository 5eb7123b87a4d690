-- grain: one row per line of the policy that this reading trusts
-- source: log
-- evidence: none
CREATE TABLE policy (kind VARCHAR, name VARCHAR, key VARCHAR, threshold BIGINT, members VARCHAR, source VARCHAR);
COMMENT ON COLUMN policy.kind IS 'log, witness (a validator), group or quorum';
COMMENT ON COLUMN policy.name IS 'its name in the policy';
COMMENT ON COLUMN policy.key IS 'C2SP verifier key; null for groups and the quorum';
COMMENT ON COLUMN policy.threshold IS 'how many members of a group must sign';
COMMENT ON COLUMN policy.members IS 'of a group, comma-separated';
COMMENT ON COLUMN policy.source IS 'policy (handed in), pinned, or self-asserted (the export''s own word)';
