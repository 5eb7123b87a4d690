-- grain: settlement_day(ts): date of the settlement day, UTC+8
CREATE MACRO settlement_day(ts) AS CAST((CAST(ts AS TIMESTAMPTZ) AT TIME ZONE 'UTC') + INTERVAL 8 HOUR AS DATE);
