-- Returns the samples that would be none if they were logged today: steps that finish in the future, and steps with an
-- implausible duration. An older version of the service, which did not check this, may have stored them. Reads the newest
-- end of an index, and the long steps.
CREATE OR REPLACE FUNCTION doubtful_steps() RETURNS TABLE (id uuid, reason text) LANGUAGE plpgsql STABLE AS $$
DECLARE
  present timestamptz := command_time();
BEGIN
  RETURN QUERY
  WITH long AS MATERIALIZED (
    SELECT s.id, s.finish FROM step s WHERE s.duration_seconds > 86400 AND s.is_sample AND s.exclude_from_estimates IS NULL
    ORDER BY s.duration_seconds DESC LIMIT 10000
  ),
  ahead AS (
    SELECT s.id FROM step s
    WHERE s.start > present - interval '1 day' AND s.is_sample AND s.exclude_from_estimates IS NULL AND s.finish > present + interval '5 seconds'
    UNION
    SELECT l.id FROM long l WHERE l.finish > present + interval '5 seconds'
  )
  SELECT a.id, 'clock' FROM ahead a
  UNION ALL
  SELECT i.id, 'implausible' FROM implausible_steps((SELECT coalesce(array_agg(l.id), '{}') FROM long l)) i WHERE i.id NOT IN (SELECT a.id FROM ahead a);
END $$;
