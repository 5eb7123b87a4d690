-- grain: one row per decision to run a contract with other parameters
-- source: contract alliance
-- evidence: parameter_changes
COMMENT ON COLUMN parameter_changes.channel IS 'governance';
COMMENT ON COLUMN parameter_changes.entry IS 'the vote that decided it';
COMMENT ON COLUMN parameter_changes.position IS 'order within the entry, from 0';
COMMENT ON COLUMN parameter_changes.of_channel IS 'which channel';
COMMENT ON COLUMN parameter_changes.contract IS 'whose parameters';
COMMENT ON COLUMN parameter_changes.height IS 'first block that runs with them, or the one that learns of them';
COMMENT ON COLUMN parameter_changes.parameters_sha256 IS 'of their canonical JSON, hex; they are in the event alliance.parameters';
COMMENT ON COLUMN parameter_changes."time" IS 'of the block';
