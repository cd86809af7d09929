-- The margin is no longer the middle of what single runs would have needed, but is followed from run to run
-- (src/estimation/margins.ts): `margins` is what the run after this one adds, and an estimate reads one row of it.

ALTER TABLE run ADD COLUMN miss_seconds double precision;
COMMENT ON COLUMN run.margins IS 'seconds to add to the bound at each confidence of the grid, as of the end of this run';
COMMENT ON COLUMN run.miss_seconds IS 'how far from the middle of their history the steps of this run were, in the middle; null where too few say';

-- what was learnt under the old meaning is learnt again, the newest twenty runs by the next estimate
UPDATE run SET pending = true, margins = NULL, total_ratio = NULL;
