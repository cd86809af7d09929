-- Returns the first revision that was recorded at a time or after it; beyond the newest one if there is none. The times of the log never go
-- back, so halving finds it with a few look-ups in the primary key, and the log needs no index on times.
CREATE OR REPLACE FUNCTION first_revision_since(_time timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
  low bigint := 1;
  high bigint := (SELECT l.revision + 1 FROM lab l);
  middle bigint;
  found record;
BEGIN
  WHILE low < high LOOP
    middle := (low + high) / 2;
    SELECT e.revision, e.recorded_at INTO found FROM event_log e WHERE e.revision >= middle ORDER BY e.revision, e.ordinal LIMIT 1;
    IF found.revision IS NULL OR found.recorded_at >= _time THEN
      high := middle;
    ELSE
      low := found.revision + 1;
    END IF;
  END LOOP;
  RETURN low;
END $$;
