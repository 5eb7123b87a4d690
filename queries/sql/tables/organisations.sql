-- grain: one row per version of an organisation of the alliance; the last one is the current one
-- source: contract alliance
-- evidence: organisations
COMMENT ON COLUMN organisations.channel IS 'governance';
COMMENT ON COLUMN organisations.entry IS 'the vote that decided it; of genesis: the first block';
COMMENT ON COLUMN organisations.position IS 'order within the entry, from 0';
COMMENT ON COLUMN organisations.organisation IS 'its name';
COMMENT ON COLUMN organisations.name_zh IS 'Chinese name';
COMMENT ON COLUMN organisations.name_en IS 'English name';
COMMENT ON COLUMN organisations.parent IS 'organisation above it; empty: at the top';
COMMENT ON COLUMN organisations.roles IS 'those its accounts may hold, sorted, comma-separated';
COMMENT ON COLUMN organisations.validator IS 'name of its validator in the policy; empty: observer';
COMMENT ON COLUMN organisations.status IS 'after this entry: active or removed';
COMMENT ON COLUMN organisations."time" IS 'of the block';
