-- grain: one row per link of two channels that was made or ended; the last one of a pair is the current one
-- source: contract alliance
-- evidence: channel_links
COMMENT ON COLUMN channel_links.channel IS 'governance';
COMMENT ON COLUMN channel_links.entry IS 'the vote that decided it';
COMMENT ON COLUMN channel_links.position IS 'order within the entry, from 0';
COMMENT ON COLUMN channel_links.first_channel IS 'the one that is first by name';
COMMENT ON COLUMN channel_links.second_channel IS 'the other';
COMMENT ON COLUMN channel_links.linked IS 'whether they are linked from here on';
COMMENT ON COLUMN channel_links."time" IS 'of the block';
