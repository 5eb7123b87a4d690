-- grain: cny_per_mwh(price): fen/MWh as CNY/MWh, exact to the last of two decimals
CREATE MACRO cny_per_mwh(price) AS CAST(price AS DECIMAL(36, 0)) * CAST('0.01' AS DECIMAL(2, 2));
