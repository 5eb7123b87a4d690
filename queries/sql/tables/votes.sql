-- grain: one row per vote of an organisation on a proposal
-- source: contract alliance
-- evidence: votes
COMMENT ON COLUMN votes.channel IS 'governance';
COMMENT ON COLUMN votes.entry IS 'the vote, or the proposal for who proposes';
COMMENT ON COLUMN votes.position IS 'order within the entry, from 0';
COMMENT ON COLUMN votes.proposal IS 'its number: the entry in which it was proposed';
COMMENT ON COLUMN votes.organisation IS 'whose vote it is';
COMMENT ON COLUMN votes.account IS 'who cast it';
COMMENT ON COLUMN votes.validator IS 'validator of the organisation at that time, by which the vote counts';
COMMENT ON COLUMN votes.approve IS 'yes or no';
COMMENT ON COLUMN votes."time" IS 'of the block';
