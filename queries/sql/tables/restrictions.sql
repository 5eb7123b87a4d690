-- grain: one row per beginning and end of a restriction: an account whose calls a channel refuses for a while
-- source: contract conduct
-- evidence: restrictions
COMMENT ON COLUMN restrictions.channel IS 'where it is restricted';
COMMENT ON COLUMN restrictions.entry IS 'the call or the trigger';
COMMENT ON COLUMN restrictions.position IS 'order within the entry, from 0';
COMMENT ON COLUMN restrictions.account IS 'who is restricted';
COMMENT ON COLUMN restrictions.status IS 'restricted or lifted';
COMMENT ON COLUMN restrictions.until IS 'when it ends by itself, exclusive; of a lifted one: would have ended';
COMMENT ON COLUMN restrictions."by" IS 'account of the regulator; empty: by rule';
COMMENT ON COLUMN restrictions.reason IS 'as the regulator gave it; empty: by rule';
COMMENT ON COLUMN restrictions."time" IS 'of the block';
