-- grain: one row per recorded transaction, accepted or rejected
-- source: log
-- evidence: entry
CREATE TABLE transactions (
    channel VARCHAR, entry BIGINT, height BIGINT, "time" TIMESTAMPTZ, account VARCHAR, contract VARCHAR, method VARCHAR,
    nonce BIGINT, "schema" BIGINT, valid_until TIMESTAMPTZ, arguments VARCHAR, rows_count BIGINT, rows_root VARCHAR,
    signature VARCHAR, status VARCHAR, code VARCHAR, detail VARCHAR
);
COMMENT ON COLUMN transactions.channel IS 'where it is recorded';
COMMENT ON COLUMN transactions.entry IS 'index in the log';
COMMENT ON COLUMN transactions.height IS 'block that holds it';
COMMENT ON COLUMN transactions."time" IS 'of that block: when it executed';
COMMENT ON COLUMN transactions.account IS 'who signed it';
COMMENT ON COLUMN transactions.contract IS 'contract called';
COMMENT ON COLUMN transactions.method IS 'method called';
COMMENT ON COLUMN transactions.nonce IS 'number of the account''s transaction on this channel, from 1';
COMMENT ON COLUMN transactions."schema" IS 'version of the contract that the arguments are written for';
COMMENT ON COLUMN transactions.valid_until IS 'last block time at which it could be accepted';
COMMENT ON COLUMN transactions.arguments IS 'canonical JSON; ->> reads a member';
COMMENT ON COLUMN transactions.rows_count IS 'rows of its batch, 0 without one';
COMMENT ON COLUMN transactions.rows_root IS 'root over the rows of its batch, hex; null without one';
COMMENT ON COLUMN transactions.signature IS 'Ed25519, hex';
COMMENT ON COLUMN transactions.status IS 'accepted or rejected';
COMMENT ON COLUMN transactions.code IS 'ok, or why it was rejected';
COMMENT ON COLUMN transactions.detail IS 'the receipt''s sentence';
