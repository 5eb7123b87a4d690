-- grain: one row per opening and end of a proposal to the alliance; the last one is the current one
-- source: contract alliance
-- evidence: proposals
COMMENT ON COLUMN proposals.channel IS 'governance';
COMMENT ON COLUMN proposals.entry IS 'the proposal, the deciding vote or the trigger';
COMMENT ON COLUMN proposals.position IS 'order within the entry, from 0';
COMMENT ON COLUMN proposals.proposal IS 'its number: the entry in which it was proposed';
COMMENT ON COLUMN proposals.kind IS 'kind of the action';
COMMENT ON COLUMN proposals.subject IS 'organisation, validator or channel that it is about';
COMMENT ON COLUMN proposals.action_sha256 IS 'of the action, canonical JSON, hex; the action is in the transaction''s arguments';
COMMENT ON COLUMN proposals.organisation IS 'for which it was proposed';
COMMENT ON COLUMN proposals.account IS 'who proposed it';
COMMENT ON COLUMN proposals.status IS 'after this entry: open, passed, failed or withdrawn';
COMMENT ON COLUMN proposals.reason IS 'why not: refused, expired, withdrawn, or the code of the rule that it broke by then; empty: open or passed';
COMMENT ON COLUMN proposals.deadline IS 'when voting ends, exclusive';
COMMENT ON COLUMN proposals."time" IS 'of the block';
