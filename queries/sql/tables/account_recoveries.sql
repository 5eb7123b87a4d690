-- grain: one row per step of the recovery of an account whose key is lost
-- source: contract participant
-- evidence: account_recoveries
COMMENT ON COLUMN account_recoveries.channel IS 'governance';
COMMENT ON COLUMN account_recoveries.entry IS 'the proposal, the approval or the trigger';
COMMENT ON COLUMN account_recoveries.position IS 'order within the entry, from 0';
COMMENT ON COLUMN account_recoveries.account IS 'whose key is replaced';
COMMENT ON COLUMN account_recoveries.public_key IS 'the new key, Ed25519, hex';
COMMENT ON COLUMN account_recoveries.status IS 'proposed, approved, carried_out, expired or void';
COMMENT ON COLUMN account_recoveries.organisation IS 'organisation whose account called; empty: a trigger';
COMMENT ON COLUMN account_recoveries.expires IS 'when it can no longer be approved';
COMMENT ON COLUMN account_recoveries."time" IS 'of the block';
