-- grain: one row per channel and account of an institution that runs the network
-- source: log
-- evidence: none
CREATE TABLE operators (
    channel VARCHAR, account VARCHAR, name_zh VARCHAR, name_en VARCHAR, roles VARCHAR, public_key VARCHAR
);
COMMENT ON COLUMN operators.channel IS 'the channel whose genesis names it';
COMMENT ON COLUMN operators.account IS 'its account';
COMMENT ON COLUMN operators.name_zh IS 'Chinese name';
COMMENT ON COLUMN operators.name_en IS 'English name';
COMMENT ON COLUMN operators.roles IS 'sorted, comma-separated';
COMMENT ON COLUMN operators.public_key IS 'Ed25519, hex';
