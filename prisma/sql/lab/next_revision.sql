-- Takes the next revision of the lab and returns it. A command calls it once, and only if something
-- changes, because revisions have no gaps. add_containers and transfer take the revision before they know this, and give
-- it back if nothing changed.
--
-- Locks: The row of `lab`, which is the lab lock.
CREATE OR REPLACE FUNCTION next_revision() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  taken bigint;
BEGIN
  UPDATE lab SET revision = revision + 1, recorded_at = greatest(recorded_at, clock_timestamp()) WHERE id = 1 RETURNING revision INTO taken;
  RETURN taken;
END $$;
