-- grain: one row per certificate bundle, at its birth by issue or split
-- source: contract certificate
-- evidence: certificates
COMMENT ON COLUMN certificates.channel IS 'market area';
COMMENT ON COLUMN certificates.entry IS 'the issue or the split';
COMMENT ON COLUMN certificates.position IS 'order within the entry, from 0';
COMMENT ON COLUMN certificates.bundle IS 'its name: plant, interval, first and last Wh';
COMMENT ON COLUMN certificates.parent IS 'bundle that it was split from; null: born by issue';
COMMENT ON COLUMN certificates.certificate_class IS 'granular: of an interval of at most one hour';
COMMENT ON COLUMN certificates.plant IS 'where the energy was produced';
COMMENT ON COLUMN certificates.technology_code IS 'EECS Rules Fact Sheet 5';
COMMENT ON COLUMN certificates.fuel_code IS 'EECS Rules Fact Sheet 5';
COMMENT ON COLUMN certificates.interval_start IS 'production begins';
COMMENT ON COLUMN certificates.interval_end IS 'production ends, exclusive';
COMMENT ON COLUMN certificates.first_wh IS 'first Wh of the issuance that is in it';
COMMENT ON COLUMN certificates.last_wh IS 'last Wh of the issuance that is in it';
COMMENT ON COLUMN certificates.quantity_wh IS 'energy, Wh';
COMMENT ON COLUMN certificates.owner IS 'account, at birth';
COMMENT ON COLUMN certificates."time" IS 'of the block';
