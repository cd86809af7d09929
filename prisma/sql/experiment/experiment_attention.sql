-- Returns whether somebody must look at an experiment that is not over: a step failed, and was neither tried again nor corrected.
-- `_failed` is the number of its failed steps: without one, no step is read.
CREATE OR REPLACE FUNCTION experiment_attention(_experiment uuid, _status text, _failed integer) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN _failed > 0 AND _status IN ('running', 'paused', 'lost') THEN EXISTS (
    SELECT FROM step f WHERE f.experiment_id = _experiment AND f.status = 'failed' AND NOT EXISTS (
      SELECT FROM step again
      WHERE again.experiment_id = _experiment AND again.start >= f.start AND again.id <> f.id AND again.name IS NOT DISTINCT FROM f.name
        AND (f.name IS NOT NULL OR (again.kind = f.kind AND again.device_id = f.device_id AND again.fct IS NOT DISTINCT FROM f.fct))
        AND (again.start > f.start OR again.attempt > f.attempt))
  ) ELSE false END
$$;
