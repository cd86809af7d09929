-- Returns the seconds between two times in which an experiment stood still: it was paused, or some of its steps were paused and no
-- other one was active. A paused step beside an active one is no standstill. Steps whose times cannot be true do not count.
-- Most experiments were never paused: two looks into indexes find that out.
CREATE OR REPLACE FUNCTION standstill_seconds(_experiment uuid, _from timestamptz, _until timestamptz) RETURNS numeric LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pause p WHERE p.subject_id = _experiment AND p.subject = 'experiment')
    AND NOT EXISTS (SELECT FROM step s WHERE s.experiment_id = _experiment AND s.paused_seconds IS NOT NULL) THEN
    RETURN 0;
  END IF;
  RETURN (
    WITH of_step AS (
      SELECT tstzrange(s.start, s.finish) AS whole, CASE WHEN s.paused_seconds IS NULL THEN '{}' ELSE coalesce((
        SELECT range_agg(tstzrange(p.paused_at, p.resumed_at) * tstzrange(s.start, s.finish)) FROM pause p WHERE p.subject_id = s.id AND p.subject = 'step'), '{}') END AS paused
      FROM step s
      -- Without a paused step, the steps do not matter, and are not read.
      WHERE EXISTS (SELECT FROM step any_step WHERE any_step.experiment_id = _experiment AND any_step.paused_seconds IS NOT NULL)
        AND s.experiment_id = _experiment AND s.believable AND (s.finish IS NOT NULL OR s.status IN ('running', 'paused'))
    ),
    stood AS (
      SELECT coalesce((SELECT range_agg(tstzrange(p.paused_at, p.resumed_at)) FROM pause p WHERE p.subject_id = _experiment AND p.subject = 'experiment'), '{}')
        + (coalesce(range_agg(paused), '{}') - coalesce(range_agg(whole::tstzmultirange - paused), '{}')) AS times
      FROM of_step
    )
    SELECT round(coalesce(sum(extract(epoch FROM upper(part) - lower(part))), 0), 3)
    FROM stood CROSS JOIN unnest(times * tstzrange(_from, _until)::tstzmultirange) AS part);
END $$;
