-- grain: one row per version of a participant; the last one of an account is the current one
-- source: contract participant
-- evidence: participants
COMMENT ON COLUMN participants.channel IS 'governance';
COMMENT ON COLUMN participants.entry IS 'the registration';
COMMENT ON COLUMN participants.position IS 'order within the entry, from 0';
COMMENT ON COLUMN participants.account IS 'what it signs and trades as';
COMMENT ON COLUMN participants.kind IS 'generator, consumer, prosumer, retailer, aggregator, …';
COMMENT ON COLUMN participants.area IS 'administrative code of its market area, GB/T 2260';
COMMENT ON COLUMN participants.zone IS 'grid zone inside the area; empty: none';
COMMENT ON COLUMN participants.voltage IS 'connection voltage class; empty: none';
COMMENT ON COLUMN participants.name_zh IS 'Chinese name';
COMMENT ON COLUMN participants.name_en IS 'English name';
COMMENT ON COLUMN participants.public_key IS 'Ed25519, hex';
COMMENT ON COLUMN participants.information_hash IS 'salted SHA-256 of the real-name record, hex';
COMMENT ON COLUMN participants.roles IS 'sorted, comma-separated';
COMMENT ON COLUMN participants.status IS 'after this entry';
COMMENT ON COLUMN participants."time" IS 'of the block';
