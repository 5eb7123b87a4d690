-- grain: one row per bundle and event of its life, with what the bundle certifies
-- source: certificate_events, certificates
-- evidence: certificate_events
CREATE VIEW certificate_life AS
SELECT
    e.channel,
    e.entry,
    e.position,
    e.bundle,
    c.parent,
    c.plant,
    c.technology_code,
    c.fuel_code,
    c.interval_start,
    c.interval_end,
    e.quantity_wh,
    e."time",
    e.event,
    e.status,
    e.published,
    e.from_account,
    e.to_account,
    e.price_fen_per_mwh,
    e.beneficiary,
    e.purpose
FROM certificate_events AS e
JOIN certificates AS c ON c.channel = e.channel AND c.bundle = e.bundle;
COMMENT ON COLUMN certificate_life.channel IS 'market area';
COMMENT ON COLUMN certificate_life.entry IS 'the transaction';
COMMENT ON COLUMN certificate_life.position IS 'order within the entry, from 0';
COMMENT ON COLUMN certificate_life.bundle IS 'the bundle';
COMMENT ON COLUMN certificate_life.parent IS 'bundle that it was split from; null: born by issue';
COMMENT ON COLUMN certificate_life.plant IS 'where the energy was produced';
COMMENT ON COLUMN certificate_life.technology_code IS 'EECS Rules Fact Sheet 5';
COMMENT ON COLUMN certificate_life.fuel_code IS 'EECS Rules Fact Sheet 5';
COMMENT ON COLUMN certificate_life.interval_start IS 'production begins';
COMMENT ON COLUMN certificate_life.interval_end IS 'production ends, exclusive';
COMMENT ON COLUMN certificate_life.quantity_wh IS 'energy, Wh';
COMMENT ON COLUMN certificate_life."time" IS 'of the event';
COMMENT ON COLUMN certificate_life.event IS 'issue, split, born, publish, transfer or cancel';
COMMENT ON COLUMN certificate_life.status IS 'after the event: active, split or cancelled';
COMMENT ON COLUMN certificate_life.published IS 'after the event: whether it is offered to all';
COMMENT ON COLUMN certificate_life.from_account IS 'account before the event; of an issue: the issuing body';
COMMENT ON COLUMN certificate_life.to_account IS 'owner after the event';
COMMENT ON COLUMN certificate_life.price_fen_per_mwh IS 'as the seller declares it, fen/MWh';
COMMENT ON COLUMN certificate_life.beneficiary IS 'whose consumption a cancellation covers';
COMMENT ON COLUMN certificate_life.purpose IS 'what it was cancelled for';
