-- grain: local_time(ts): wall clock of the settlement zone, UTC+8
CREATE MACRO local_time(ts) AS (CAST(ts AS TIMESTAMPTZ) AT TIME ZONE 'UTC') + INTERVAL 8 HOUR;
