-- grain: fen(e8): money of 1e-8 CNY as fen, exact to the last of six decimals; nothing is rounded
CREATE MACRO fen(e8) AS CAST(e8 AS DECIMAL(32, 0)) * CAST('0.000001' AS DECIMAL(6, 6));
