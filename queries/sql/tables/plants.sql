-- grain: one row per version of a plant; the last one of a plant is the current one
-- source: contract certificate
-- evidence: plants
COMMENT ON COLUMN plants.channel IS 'market area';
COMMENT ON COLUMN plants.entry IS 'the registration';
COMMENT ON COLUMN plants.position IS 'order within the entry, from 0';
COMMENT ON COLUMN plants.plant IS 'its id';
COMMENT ON COLUMN plants.owner IS 'account';
COMMENT ON COLUMN plants.name_zh IS 'Chinese name';
COMMENT ON COLUMN plants.name_en IS 'English name';
COMMENT ON COLUMN plants.technology_code IS 'EECS Rules Fact Sheet 5';
COMMENT ON COLUMN plants.fuel_code IS 'EECS Rules Fact Sheet 5';
COMMENT ON COLUMN plants.capacity_w IS 'nominal capacity, W';
COMMENT ON COLUMN plants.zone IS 'grid zone inside the area; empty: none';
COMMENT ON COLUMN plants.storage IS 'whether it gives back energy that it took';
COMMENT ON COLUMN plants.commissioned IS 'first moment of operation';
COMMENT ON COLUMN plants.decommissioned IS 'end of operation, exclusive; null while it runs';
COMMENT ON COLUMN plants.status IS 'after this entry';
COMMENT ON COLUMN plants."time" IS 'of the block';
