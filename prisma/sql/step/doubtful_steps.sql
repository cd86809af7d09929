-- Returns the steps that are believed, although they would not be if they were logged today: with a time ahead of now, with an
-- implausible duration, or with a duration of 0 where the newest steps of their kind (five or more) took a second or more. An older
-- version of the service or of a client, which did not check this, may have stored them. Reads the newest end of an index, the long
-- steps and those of 0 seconds.
CREATE OR REPLACE FUNCTION doubtful_steps() RETURNS TABLE (id uuid, reason text) LANGUAGE plpgsql STABLE AS $$
DECLARE
  latest timestamptz := command_time() + interval '5 seconds';
BEGIN
  RETURN QUERY
  WITH long AS MATERIALIZED (
    SELECT s.id, s.finish, s.is_sample FROM step s WHERE s.duration_seconds > 86400 AND s.believable AND s.exclude_from_estimates IS NULL
    ORDER BY s.duration_seconds DESC LIMIT 10000
  ),
  instant AS MATERIALIZED (
    SELECT s.id, s.key_4 FROM step s WHERE s.duration_seconds = 0 AND s.is_sample AND s.key_4 IS NOT NULL AND s.exclude_from_estimates IS NULL
    ORDER BY s.id LIMIT 10000
  ),
  clocks AS (
    SELECT s.id FROM step s
    WHERE s.start > latest - interval '1 day' AND s.believable AND s.exclude_from_estimates IS NULL AND coalesce(s.finish, s.start) > latest
    UNION
    SELECT l.id FROM long l WHERE l.finish > latest
    UNION
    SELECT i.id FROM instant i WHERE i.key_4 IN (
      SELECT kind.key_4 FROM (SELECT DISTINCT instant.key_4 FROM instant) kind
      CROSS JOIN LATERAL (
        SELECT count(*) AS known, min(newest.duration_seconds) AS shortest FROM (
          SELECT s.duration_seconds FROM step s WHERE s.is_sample AND s.key_4 IS NOT NULL AND s.key_4 = kind.key_4 ORDER BY s.finish DESC LIMIT 200
        ) newest
        WHERE newest.duration_seconds > 0
      ) others
      WHERE others.known >= 5 AND others.shortest >= 1
    )
  )
  SELECT c.id, 'clock' FROM clocks c
  UNION ALL
  SELECT i.id, 'implausible' FROM implausible_steps((SELECT coalesce(array_agg(l.id), '{}') FROM long l WHERE l.is_sample)) i
  WHERE i.id NOT IN (SELECT c.id FROM clocks c);
END $$;
