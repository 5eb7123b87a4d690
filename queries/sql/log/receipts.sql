-- grain: one row per entry and table that its receipt says it wrote
-- source: log
-- evidence: entry
CREATE TABLE receipts (
    channel VARCHAR, entry BIGINT, "time" TIMESTAMPTZ, kind VARCHAR, status VARCHAR, table_name VARCHAR,
    rows_count BIGINT, rows_root VARCHAR
);
COMMENT ON COLUMN receipts.channel IS 'where it is recorded';
COMMENT ON COLUMN receipts.entry IS 'the transaction or trigger';
COMMENT ON COLUMN receipts."time" IS 'of its block';
COMMENT ON COLUMN receipts.kind IS 'transaction or trigger';
COMMENT ON COLUMN receipts.status IS 'accepted or rejected';
COMMENT ON COLUMN receipts.table_name IS 'the table written';
COMMENT ON COLUMN receipts.rows_count IS 'rows written to it';
COMMENT ON COLUMN receipts.rows_root IS 'root over these rows, hex';
