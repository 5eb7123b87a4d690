-- grain: one row per bundle and event of its life, with its status after it
-- source: contract certificate
-- evidence: certificate_events
COMMENT ON COLUMN certificate_events.channel IS 'market area';
COMMENT ON COLUMN certificate_events.entry IS 'the transaction';
COMMENT ON COLUMN certificate_events.position IS 'order within the entry, from 0';
COMMENT ON COLUMN certificate_events.bundle IS 'the bundle';
COMMENT ON COLUMN certificate_events.event IS 'issue, split, born, publish, transfer or cancel';
COMMENT ON COLUMN certificate_events."time" IS 'of the block';
COMMENT ON COLUMN certificate_events.status IS 'after the event: active, split or cancelled';
COMMENT ON COLUMN certificate_events.published IS 'after the event: whether it is offered to all';
COMMENT ON COLUMN certificate_events.quantity_wh IS 'energy of the bundle, Wh';
COMMENT ON COLUMN certificate_events.from_account IS 'account before the event; of an issue: the issuing body';
COMMENT ON COLUMN certificate_events.to_account IS 'owner after the event';
COMMENT ON COLUMN certificate_events.reference IS 'what it refers to; of a birth: the parent';
COMMENT ON COLUMN certificate_events.price_fen_per_mwh IS 'as the seller declares it, fen/MWh';
COMMENT ON COLUMN certificate_events.beneficiary IS 'whose consumption a cancellation covers';
COMMENT ON COLUMN certificate_events.beneficiary_account IS 'its account, if it has one';
COMMENT ON COLUMN certificate_events.purpose IS 'what it was cancelled for';
COMMENT ON COLUMN certificate_events.period_start IS 'the consumption begins';
COMMENT ON COLUMN certificate_events.period_end IS 'the consumption ends, exclusive';
