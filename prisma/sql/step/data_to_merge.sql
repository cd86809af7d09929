-- Returns the stored data of the steps that `_steps` end, where what is told at the end lacks a part of it. The caller tells them
-- again with that part: what makes steps comparable is computed from all of the data, and not in the database.
CREATE OR REPLACE FUNCTION data_to_merge(_steps jsonb) RETURNS TABLE (step_id uuid, data jsonb) LANGUAGE sql STABLE AS $$
  SELECT known.id, known.data
  FROM jsonb_to_recordset(_steps) AS s (id uuid, status text, created_as text, data jsonb)
  JOIN step known ON known.id = s.id
  WHERE s.status <> 'running' AND known.status IN ('running', 'paused', 'lost') AND known.created_as <> s.created_as
    AND known.data || s.data <> s.data
$$;
