-- Returns those of the steps whose duration is implausible, each with a sentence. Steps are compared with steps of the
-- same function on the device, moves with moves of the same mover to the same destination. A step is implausible if it
-- took more than a day beyond its commanded time, and no comparable step took a tenth as long. Up to 31 days, another
-- implausible step is comparable too, and for an operation five comparable steps must be known. Beyond 31 days, only
-- samples are comparable, and none of `_ids`: two wrong clocks do not confirm each other.
CREATE OR REPLACE FUNCTION implausible_steps(_ids uuid[]) RETURNS TABLE (id uuid, detail text) LANGUAGE sql STABLE AS $$
  SELECT s.id, 'The step took ' || round(s.sample_seconds::numeric) || ' s' || CASE WHEN s.commanded_seconds > 0 THEN ' beyond its commanded time' ELSE '' END
    || ', and no step of its kind took a tenth as long. It is stored as told, but estimates leave it out.'
  FROM step s
  CROSS JOIN LATERAL (
    SELECT count(*) AS known, max(other.sample_seconds) FILTER (WHERE other.sample_seconds < 10 * s.sample_seconds OR other.id <> ALL (_ids)) AS longest,
      max(other.sample_seconds) FILTER (WHERE other.id <> ALL (_ids)) AS longest_before
    FROM (
      SELECT o.id, o.sample_seconds FROM step o
      WHERE o.is_sample AND o.key_4 IS NOT NULL AND o.key_4 = s.key_4 ORDER BY o.finish DESC LIMIT (SELECT 200)
    ) other
    WHERE other.id <> s.id
  ) counted
  CROSS JOIN LATERAL (
    SELECT max(o.sample_seconds) AS longest FROM step o
    WHERE o.excluded_from_estimates = 'implausible' AND o.key_4 = s.key_4 AND o.id <> s.id
      AND o.sample_seconds < 10 * s.sample_seconds
  ) doubted
  WHERE s.id = ANY (_ids) AND s.is_sample AND s.exclude_from_estimates IS NULL AND s.sample_seconds > 86400
    AND CASE WHEN s.sample_seconds > 31 * 86400 THEN coalesce(counted.longest_before, 0) < s.sample_seconds / 10
      ELSE coalesce(greatest(counted.longest, doubted.longest), 0) < s.sample_seconds / 10 AND (s.kind = 'move' OR counted.known >= 5) END
$$;
