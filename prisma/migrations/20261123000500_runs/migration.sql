-- Runs, and what the estimates learnt from their own misses of each. A run is an experiment; steps without one make a run
-- of their day. Writing a step reads no history: it marks its run as pending, and the first estimate after the run is over
-- learns it (src/estimation/learning.ts).

CREATE TABLE run (
  -- 'experiment <id>' or 'day <date in UTC>'
  key text NOT NULL,
  experiment_id uuid,
  day date,
  -- has steps that are not learnt yet
  pending boolean NOT NULL DEFAULT true,
  ended_at timestamptz(3),
  -- seconds that the bound at each confidence of the grid (src/estimation/margins.ts) was short of, null where too few steps say
  margins double precision[],
  -- the run's whole time against the one predicted
  total_ratio double precision,
  CONSTRAINT run_pkey PRIMARY KEY (key),
  CONSTRAINT run_experiment_fkey FOREIGN KEY (experiment_id) REFERENCES experiment (id) ON DELETE RESTRICT,
  CONSTRAINT run_is_one_kind CHECK ((experiment_id IS NULL) <> (day IS NULL))
);
CREATE INDEX run_pending_idx ON run (key) WHERE pending;
CREATE INDEX run_ended_idx ON run (ended_at DESC) WHERE (margins IS NOT NULL);

CREATE FUNCTION mark_runs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- A run that is pending already is left alone, without even a lock: many steps of a run are logged at once. That a step
  -- slips through while the run is being learnt costs its lesson only, and only if it is the run's last.
  INSERT INTO run (key, experiment_id, day)
  SELECT DISTINCT key, experiment_id, day
  FROM (
    SELECT coalesce('experiment ' || experiment_id, 'day ' || (start AT TIME ZONE 'UTC')::date) AS key, experiment_id,
      CASE WHEN experiment_id IS NULL THEN (start AT TIME ZONE 'UTC')::date END AS day
    FROM changed WHERE finish IS NOT NULL
  ) touched
  WHERE NOT EXISTS (SELECT FROM run known WHERE known.key = touched.key AND known.pending)
  ORDER BY key
  ON CONFLICT (key) DO UPDATE SET pending = true;
  RETURN NULL;
END $$;

CREATE TRIGGER step_marks_runs_when_logged AFTER INSERT ON step
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs();
CREATE TRIGGER step_marks_runs_when_changed AFTER UPDATE ON step
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs();

-- When the last step of a run began; reads the end of an index.
CREATE FUNCTION run_last_start(_run run) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN _run.experiment_id IS NOT NULL
    THEN (SELECT start FROM step WHERE experiment_id = _run.experiment_id ORDER BY start DESC LIMIT 1)
    ELSE (SELECT start FROM step WHERE experiment_id IS NULL AND start >= _run.day::timestamp AT TIME ZONE 'UTC'
            AND start < (_run.day + 1)::timestamp AT TIME ZONE 'UTC' ORDER BY start DESC LIMIT 1) END
$$;

-- Over: said to be, or nothing began for half an hour (orchestrators rarely say that a run is over).
CREATE FUNCTION run_is_over(_run run) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT status IN ('completed', 'aborted') FROM experiment WHERE id = _run.experiment_id), false)
    OR coalesce(run_last_start(_run) < now() - interval '30 minutes', true)
$$;
