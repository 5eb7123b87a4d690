-- grain: one row per column of every relation, in order
SELECT r.relation, r.kind, r.grain, c.number, c.name, c.type, c.comment
FROM relations AS r
JOIN relation_columns AS c ON c.relation = r.relation
ORDER BY CASE r.kind WHEN 'table' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, r.relation, c.number
