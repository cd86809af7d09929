-- Returns those of the steps whose duration is implausible, each with a sentence. Steps are compared with steps of the
-- same function on the device, moves with moves of the same mover to the same destination. A step is implausible if it
-- took more than a day beyond its commanded time, unless three comparable steps, or one that a person has confirmed, took
-- at least a tenth as long. Up to 31 days, other implausible steps are among the three, and of an operation five steps must
-- be known before one is implausible. Beyond 31 days, only samples are, and none of `_ids`: wrong clocks do not confirm
-- each other.
CREATE OR REPLACE FUNCTION implausible_steps(_ids uuid[]) RETURNS TABLE (id uuid, detail text) LANGUAGE sql STABLE AS $$
  SELECT s.id, 'The step took ' || round(s.sample_seconds::numeric) || ' s' || CASE WHEN s.commanded_seconds > 0 THEN ' beyond its commanded time' ELSE '' END
    || ', and ' || CASE WHEN counted.alike + doubted.alike = 0 THEN 'no step' ELSE 'fewer than three steps' END
    || ' of its kind took a tenth as long. It is stored as told, but estimates leave it out.'
  FROM step s
  CROSS JOIN LATERAL (
    SELECT count(*) AS known, count(*) FILTER (WHERE other.sample_seconds >= s.sample_seconds / 10 AND other.sample_seconds < 10 * s.sample_seconds) AS alike,
      count(*) FILTER (WHERE other.sample_seconds >= s.sample_seconds / 10 AND other.id <> ALL (_ids)) AS alike_before,
      bool_or(other.sample_seconds >= s.sample_seconds / 10 AND other.confirmed) AS confirmed
    FROM (
      SELECT o.id, o.sample_seconds, o.exclude_from_estimates IS FALSE AS confirmed FROM step o
      WHERE o.is_sample AND o.key_4 IS NOT NULL AND o.key_4 = s.key_4 ORDER BY o.finish DESC LIMIT (SELECT 200)
    ) other
    WHERE other.id <> s.id
  ) counted
  CROSS JOIN LATERAL (
    SELECT count(*) AS alike FROM (
      SELECT 1 FROM step o
      WHERE o.excluded_from_estimates = 'implausible' AND o.key_4 = s.key_4 AND o.id <> s.id
        AND o.sample_seconds >= s.sample_seconds / 10 AND o.sample_seconds < 10 * s.sample_seconds
      LIMIT (SELECT 3)
    ) other
  ) doubted
  WHERE s.id = ANY (_ids) AND s.is_sample AND s.exclude_from_estimates IS NULL AND s.sample_seconds > 86400
    AND counted.confirmed IS NOT TRUE
    AND CASE WHEN s.sample_seconds > 31 * 86400 THEN counted.alike_before < 3
      ELSE counted.alike + doubted.alike < 3 AND (s.kind = 'move' OR counted.known >= 5) END
$$;
