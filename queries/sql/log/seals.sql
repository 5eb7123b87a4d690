-- grain: one row per sealed segment of a table
-- source: log
-- evidence: entry
CREATE TABLE seals (
    channel VARCHAR, entry BIGINT, table_name VARCHAR, first_entry BIGINT, end_entry BIGINT, rows_count BIGINT,
    rows_root VARCHAR, schema_sha256 VARCHAR, sha256 VARCHAR, path VARCHAR
);
COMMENT ON COLUMN seals.channel IS 'where it is recorded';
COMMENT ON COLUMN seals.entry IS 'index of the seal entry';
COMMENT ON COLUMN seals.table_name IS 'the table';
COMMENT ON COLUMN seals.first_entry IS 'first entry whose rows it may hold';
COMMENT ON COLUMN seals.end_entry IS 'first entry after it';
COMMENT ON COLUMN seals.rows_count IS 'rows';
COMMENT ON COLUMN seals.rows_root IS 'root over the rows, hex';
COMMENT ON COLUMN seals.schema_sha256 IS 'of the schema''s canonical JSON, hex';
COMMENT ON COLUMN seals.sha256 IS 'of the Parquet file, hex';
COMMENT ON COLUMN seals.path IS 'in the export';
