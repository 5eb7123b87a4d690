-- grain: one row per column of a relation
-- source: log
-- evidence: none
CREATE TABLE relation_columns (relation VARCHAR, number BIGINT, name VARCHAR, type VARCHAR, comment VARCHAR);
COMMENT ON COLUMN relation_columns.relation IS 'the relation';
COMMENT ON COLUMN relation_columns.number IS 'place of the column, from 1';
COMMENT ON COLUMN relation_columns.name IS 'its name';
COMMENT ON COLUMN relation_columns.type IS 'DuckDB''s type';
COMMENT ON COLUMN relation_columns.comment IS 'meaning and unit';
