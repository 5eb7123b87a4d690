-- grain: one row per reading as the metering operator signed it, of rejected batches too; `readings` has the accepted
-- source: contract certificate
-- evidence: meter_readings_submitted
COMMENT ON COLUMN meter_readings_submitted.channel IS 'market area';
COMMENT ON COLUMN meter_readings_submitted.entry IS 'the batch';
COMMENT ON COLUMN meter_readings_submitted.position IS 'order within the batch, from 0';
COMMENT ON COLUMN meter_readings_submitted.plant IS 'whose generation';
COMMENT ON COLUMN meter_readings_submitted.interval_start IS 'the interval begins';
COMMENT ON COLUMN meter_readings_submitted.interval_minutes IS 'its length, min: 15, 30 or 60';
COMMENT ON COLUMN meter_readings_submitted.generation_wh IS 'net generation, Wh';
