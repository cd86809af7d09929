-- Returns the stored name and data of the steps that `_steps` end, where what is told at the end lacks a part of them. The caller tells
-- them again with that part: what makes steps comparable is computed from all of it, and not in the database.
CREATE OR REPLACE FUNCTION steps_to_merge(_steps jsonb) RETURNS TABLE (step_id uuid, name text, data jsonb) LANGUAGE sql STABLE AS $$
  SELECT known.id, known.name, known.data
  FROM jsonb_to_recordset(_steps) AS s (id uuid, status text, created_as text, name text, data jsonb)
  JOIN step known ON known.id = s.id
  WHERE s.status <> 'running' AND known.status IN ('running', 'paused', 'lost') AND known.created_as <> s.created_as
    AND (known.data || s.data <> s.data OR (s.name IS NULL AND known.name IS NOT NULL))
$$;
