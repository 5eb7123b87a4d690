-- grain: one row per column of every relation, in order
SELECT r.relation, r.kind, r.grain, c.number, c.name, c.type, c.comment
FROM relations AS r
JOIN relation_columns AS c ON c.relation = r.relation
ORDER BY r.kind DESC, r.relation, c.number
