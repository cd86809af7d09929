-- Takes the next revision of the lab and returns it. A command calls it once, and only if something changes, because
-- revisions have no gaps. add_containers and transfer take the revision before they know this, and give it back if
-- nothing changed. A command that takes no lock before begins here, when it has the row.
--
-- Locks: The row of `lab`, which is the lab lock.
-- Raises: lock_not_available, later (see begin_short_waits)
CREATE OR REPLACE FUNCTION next_revision() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  begun timestamptz := nullif(current_setting('platform_status.command_time', true), '')::timestamptz;
  taken bigint;
  recorded timestamptz;
BEGIN
  UPDATE lab SET revision = revision + 1, recorded_at = greatest(recorded_at, coalesce(begun, clock_timestamp()))
  WHERE id = 1 RETURNING revision, recorded_at INTO taken, recorded;
  PERFORM begin_short_waits();
  IF begun IS NULL THEN
    -- If the clock was set back, events go on with the time of the last one, but nothing expires later for that.
    PERFORM set_config('platform_status.command_time', least(recorded, clock_timestamp())::text, true);
  END IF;
  RETURN taken;
END $$;
