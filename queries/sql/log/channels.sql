-- grain: one row per channel
-- source: log
-- evidence: none
CREATE TABLE channels (
    channel VARCHAR, size BIGINT, root VARCHAR, height BIGINT, closed BOOLEAN, complete_to BIGINT, began TIMESTAMPTZ,
    ended TIMESTAMPTZ, deployment VARCHAR, faults BIGINT, contracts VARCHAR, parameters VARCHAR
);
COMMENT ON COLUMN channels.channel IS 'its name';
COMMENT ON COLUMN channels.size IS 'entries of its log';
COMMENT ON COLUMN channels.root IS 'root over them, hex, as the beacon pins it';
COMMENT ON COLUMN channels.height IS 'of its last block';
COMMENT ON COLUMN channels.closed IS 'whether nothing will follow';
COMMENT ON COLUMN channels.complete_to IS 'all rows of entries below this one are in the tables';
COMMENT ON COLUMN channels.began IS 'time of block 0';
COMMENT ON COLUMN channels.ended IS 'time of its last block';
COMMENT ON COLUMN channels.deployment IS 'embedded (validators are one trust domain) or nodes';
COMMENT ON COLUMN channels.faults IS 'f: lying validators that two quorums can always outvote';
COMMENT ON COLUMN channels.contracts IS 'names, versions and code hashes, canonical JSON';
COMMENT ON COLUMN channels.parameters IS 'of every contract, canonical JSON';
