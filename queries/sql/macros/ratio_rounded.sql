-- grain: ratio_rounded(amount, quantity): amount / quantity as the nearest integer, halves away from zero; null for 0
CREATE MACRO ratio_rounded(amount, quantity) AS
    CASE
        WHEN quantity > 0
        THEN CAST(sign(amount) AS HUGEINT)
            * ((2 * abs(CAST(amount AS HUGEINT)) + CAST(quantity AS HUGEINT)) // (2 * CAST(quantity AS HUGEINT)))
    END;
