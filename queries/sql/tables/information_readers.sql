-- grain: one row per grant and withdrawal of a reader of private data; the last one of a pair is the current one
-- source: contract participant
-- evidence: information_readers
COMMENT ON COLUMN information_readers.channel IS 'governance';
COMMENT ON COLUMN information_readers.entry IS 'the grant, the withdrawal or the erasure';
COMMENT ON COLUMN information_readers.position IS 'order within the entry, from 0';
COMMENT ON COLUMN information_readers.account IS 'whose private record it is';
COMMENT ON COLUMN information_readers.reader IS 'account that may read it, or no longer';
COMMENT ON COLUMN information_readers.status IS 'granted or withdrawn';
COMMENT ON COLUMN information_readers."time" IS 'of the block';
