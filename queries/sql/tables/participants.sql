-- grain: one row per version of an account that was registered or changed; the last one is the current one
-- source: contract participant
-- evidence: participants
COMMENT ON COLUMN participants.channel IS 'governance';
COMMENT ON COLUMN participants.entry IS 'the registration or the change';
COMMENT ON COLUMN participants.position IS 'order within the entry, from 0';
COMMENT ON COLUMN participants.account IS 'what it signs and trades as';
COMMENT ON COLUMN participants.kind IS 'generator, consumer, prosumer, retailer, aggregator, …; operator: acts for an institution';
COMMENT ON COLUMN participants.organisation IS 'organisation that it acts for; empty: itself';
COMMENT ON COLUMN participants.directory IS 'directory of the organisation that gave the roles; empty: given one by one';
COMMENT ON COLUMN participants.area IS 'administrative code of its market area, GB/T 2260; empty: none';
COMMENT ON COLUMN participants.zone IS 'grid zone inside the area; empty: none';
COMMENT ON COLUMN participants.voltage IS 'connection voltage class; empty: none';
COMMENT ON COLUMN participants.name_zh IS 'Chinese name; empty: not on the record';
COMMENT ON COLUMN participants.name_en IS 'English name; empty: not on the record';
COMMENT ON COLUMN participants.public_key IS 'Ed25519, hex';
COMMENT ON COLUMN participants.information_hash IS 'commitment to the private record, hex; empty: none, or erased';
COMMENT ON COLUMN participants.information_by IS 'account that vetted what the hash commits to; empty: the account''s own word, or no hash';
COMMENT ON COLUMN participants.roles IS 'sorted, comma-separated';
COMMENT ON COLUMN participants.status IS 'after this entry: active, suspended or revoked';
COMMENT ON COLUMN participants.change IS 'method that made this version: register, rotate, suspend, …';
COMMENT ON COLUMN participants.reason IS 'as the caller gave it; empty: none';
COMMENT ON COLUMN participants."time" IS 'of the block';
