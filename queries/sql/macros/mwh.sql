-- grain: mwh(wh): Wh as MWh, exact to the last of six decimals
CREATE MACRO mwh(wh) AS CAST(wh AS DECIMAL(32, 0)) * CAST('0.000001' AS DECIMAL(6, 6));
