-- grain: one row per mapping of a directory to roles; the last one of a directory is the current one
-- source: contract alliance
-- evidence: directories
COMMENT ON COLUMN directories.channel IS 'governance';
COMMENT ON COLUMN directories.entry IS 'the mapping or its end';
COMMENT ON COLUMN directories.position IS 'order within the entry, from 0';
COMMENT ON COLUMN directories.organisation IS 'whose directory it is';
COMMENT ON COLUMN directories.directory IS 'as the organisation calls it, for instance an LDAP group';
COMMENT ON COLUMN directories.roles IS 'what it gives, sorted, comma-separated; empty: nothing any more';
COMMENT ON COLUMN directories."time" IS 'of the block';
