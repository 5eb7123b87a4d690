-- grain: one row per relation: this catalogue
-- source: log
-- evidence: none
CREATE TABLE relations (relation VARCHAR, kind VARCHAR, grain VARCHAR, source VARCHAR, evidence VARCHAR);
COMMENT ON COLUMN relations.relation IS 'its name in SQL';
COMMENT ON COLUMN relations.kind IS 'table (sealed rows), log (derived from entries) or view';
COMMENT ON COLUMN relations.grain IS 'what one row is';
COMMENT ON COLUMN relations.source IS 'the contract that writes it, or the relations that it reads';
COMMENT ON COLUMN relations.evidence IS 'what a row with its coordinates can be proven as: a table''s row, entry, or none';
