-- Returns the seconds that a step or an experiment was paused between two times; null if it was never paused. Without `_until`, all
-- pauses that are over count; with it, one that lasts counts up to then.
CREATE OR REPLACE FUNCTION paused_seconds(_subject text, _id uuid, _from timestamptz, _until timestamptz) RETURNS numeric LANGUAGE sql STABLE AS $$
  SELECT round(sum(extract(epoch FROM greatest(least(p.resumed_at, _until) - greatest(p.paused_at, _from), interval '0'))), 3)
  FROM pause p WHERE p.subject_id = _id AND p.subject = _subject
$$;
