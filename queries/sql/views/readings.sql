-- grain: one row per accepted meter reading
-- source: meter_readings_submitted, transactions
-- evidence: meter_readings_submitted
CREATE VIEW readings AS
SELECT
    r.channel,
    r.entry,
    r.position,
    r.plant,
    r.interval_start,
    r.interval_minutes,
    r.generation_wh,
    t.account AS metering_operator,
    t."time"
FROM meter_readings_submitted AS r
JOIN transactions AS t ON t.channel = r.channel AND t.entry = r.entry
WHERE t.status = 'accepted';
COMMENT ON COLUMN readings.channel IS 'market area';
COMMENT ON COLUMN readings.entry IS 'the batch';
COMMENT ON COLUMN readings.position IS 'order within the batch, from 0';
COMMENT ON COLUMN readings.plant IS 'whose generation';
COMMENT ON COLUMN readings.interval_start IS 'the interval begins';
COMMENT ON COLUMN readings.interval_minutes IS 'its length, min';
COMMENT ON COLUMN readings.generation_wh IS 'net generation, Wh';
COMMENT ON COLUMN readings.metering_operator IS 'account that signed the batch';
COMMENT ON COLUMN readings."time" IS 'when it was recorded';
