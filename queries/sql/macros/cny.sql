-- grain: cny(e8): money of 1e-8 CNY as CNY, exact to the last of eight decimals
CREATE MACRO cny(e8) AS CAST(e8 AS DECIMAL(30, 0)) * CAST('0.00000001' AS DECIMAL(8, 8));
