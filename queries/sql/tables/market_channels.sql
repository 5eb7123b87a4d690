-- grain: one row per version of a market channel; the last one is the current one
-- source: contract alliance
-- evidence: market_channels
COMMENT ON COLUMN market_channels.channel IS 'governance';
COMMENT ON COLUMN market_channels.entry IS 'the vote that decided it; of genesis: the first block';
COMMENT ON COLUMN market_channels.position IS 'order within the entry, from 0';
COMMENT ON COLUMN market_channels.market_channel IS 'its name';
COMMENT ON COLUMN market_channels.area IS 'administrative code of the area that trades on it, GB/T 2260';
COMMENT ON COLUMN market_channels.openness IS 'who may read it: public, members or managers';
COMMENT ON COLUMN market_channels.status IS 'after this entry: open or retired';
COMMENT ON COLUMN market_channels.genesis_hash IS 'leaf hash of the genesis entry that was voted, hex; empty: of genesis';
COMMENT ON COLUMN market_channels.log IS 'verifier key of its log that was voted; empty: of genesis';
COMMENT ON COLUMN market_channels."time" IS 'of the block';
