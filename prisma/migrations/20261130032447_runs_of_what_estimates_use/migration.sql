-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.

-- prisma/sql/estimate/mark_runs_pending.sql
-- Marks the runs of steps as pending: of steps that are logged, and of those in which something changes that estimates use. Writing a step
-- reads no history. A step that comes at the moment in which its run is learnt can be missing there until the next one marks the run.
--
-- Locks: What mark_runs locks.
CREATE OR REPLACE FUNCTION mark_runs_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM mark_runs(array_agg(DISTINCT experiment_id) FILTER (WHERE experiment_id IS NOT NULL),
      array_agg(DISTINCT (start AT TIME ZONE 'UTC')::date) FILTER (WHERE experiment_id IS NULL))
    FROM changed WHERE finish IS NOT NULL;
  ELSE
    PERFORM mark_runs(array_agg(DISTINCT c.experiment_id) FILTER (WHERE c.experiment_id IS NOT NULL),
      array_agg(DISTINCT (c.start AT TIME ZONE 'UTC')::date) FILTER (WHERE c.experiment_id IS NULL))
    FROM changed c JOIN before b ON b.id = c.id
    WHERE c.finish IS NOT NULL AND (c.experiment_id, c.device_id, c.start, c.finish, c.is_sample, c.sample_seconds, c.believable, c.match_function, c.match_parameters, c.match_protocol)
      IS DISTINCT FROM (b.experiment_id, b.device_id, b.start, b.finish, b.is_sample, b.sample_seconds, b.believable, b.match_function, b.match_parameters, b.match_protocol);
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER step_marks_runs_when_logged AFTER INSERT ON step
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs_pending();

CREATE OR REPLACE TRIGGER step_marks_runs_when_changed AFTER UPDATE ON step
  REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_runs_pending();

-- prisma/sql/estimate/run_lock.sql
-- Returns the advisory lock of a run. A command that has marked the run and will write its steps under the lab lock holds this lock as shared. The
-- learner takes it exclusively, without waiting, before it says that a run is no longer pending. Otherwise the command would have to mark
-- the run again, and would wait for its row while the whole lab waits. There are 1,024 locks for all runs, because PostgreSQL has room for
-- some thousands only.
CREATE OR REPLACE FUNCTION run_lock(_key text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT 72707369000 + (hashtext(_key) & 1023)
$$;

-- prisma/sql/import/complete_quiet_experiments.sql
-- Completes running experiments of which nothing was logged since `_before`: orchestrators do not say that an
-- experiment has ended. Returns how many.
--
-- Locks: The experiments, in the order of their ids, then the lab lock.
CREATE OR REPLACE FUNCTION complete_quiet_experiments(_experiments uuid[], _before timestamptz, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  running uuid[];
  quiet uuid;
  completed integer := 0;
BEGIN
  -- All before the first one takes the lab lock.
  SELECT array_agg(e.id) INTO running
  FROM (SELECT id FROM experiment WHERE id = ANY (_experiments) AND status = 'running' ORDER BY id FOR NO KEY UPDATE) e;
  FOREACH quiet IN ARRAY coalesce(running, '{}') LOOP
    CONTINUE WHEN EXISTS (SELECT FROM step WHERE experiment_id = quiet AND (finish IS NULL OR (believable AND finish >= _before)));
    PERFORM update_experiment(quiet, '{"status": "completed"}', _audit);
    completed := completed + 1;
  END LOOP;
  RETURN completed;
END $$;

-- prisma/sql/step/link_steps_to_experiments.sql
-- Links steps to experiments that they named before the experiments existed. Returns how many steps were linked. Those
-- who log steps (record_logged_steps) and those who create an experiment call it twice: before the lab lock, for the
-- work, and under it, when the second one sees what the first one wrote, so that no step is missed.
--
-- Locks: The steps, in the order of their ids.
CREATE OR REPLACE FUNCTION link_steps_to_experiments(_experiments uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  adopted integer;
BEGIN
  IF _experiments IS NULL THEN
    RETURN 0;
  END IF;
  PERFORM 1 FROM step s WHERE s.experiment_named = ANY (_experiments::text[]) ORDER BY s.id FOR NO KEY UPDATE;
  UPDATE step s SET experiment_id = e.id, experiment_named = NULL, version = s.version + 1, updated_at = command_time(),
    warnings = jsonb_path_query_array(s.warnings, '$[*] ? (@.code != "unknown-experiment")')
  FROM experiment e WHERE e.id = ANY (_experiments) AND s.experiment_named = e.id::text;
  GET DIAGNOSTICS adopted = ROW_COUNT;
  RETURN adopted;
END $$;

-- prisma/sql/step/lock_for_steps.sql
-- Locks what logging `_steps` will change, before the lab: the known steps, then the runs, then the experiments that start. A command that
-- logs steps under the lab lock calls it before it takes that lock, and logging several steps begins with it. So all commands have one
-- order of locks. With another order they deadlock, and PostgreSQL ends a deadlock only after a second.
--
-- Locks: The steps and the experiments, in the order of their ids; what mark_and_hold_runs locks.
CREATE OR REPLACE FUNCTION lock_for_steps(_steps jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  experiments uuid[];
  days date[];
BEGIN
  PERFORM 1 FROM step WHERE id IN (SELECT s.id FROM jsonb_to_recordset(_steps) AS s (id uuid)) ORDER BY id FOR NO KEY UPDATE;
  -- A step that was told before keeps its experiment and its start. One that is repeated as it was changes nothing, so it marks nothing.
  SELECT array_agg(DISTINCT s.experiment_id) FILTER (WHERE s.experiment_id IS NOT NULL), array_agg(DISTINCT s.day) FILTER (WHERE s.experiment_id IS NULL)
  INTO experiments, days
  FROM (
    SELECT CASE WHEN known.id IS NULL THEN e.id ELSE known.experiment_id END AS experiment_id, (coalesce(known.start, a.start) AT TIME ZONE 'UTC')::date AS day
    FROM jsonb_to_recordset(_steps) AS a (id uuid, experiment_uuid uuid, start timestamptz, finish timestamptz, created_as text)
    LEFT JOIN step known ON known.id = a.id
    LEFT JOIN experiment e ON e.id = a.experiment_uuid
    WHERE coalesce(known.finish, a.finish) IS NOT NULL AND coalesce(a.created_as NOT IN (known.created_as, coalesce(known.ended_as, '')), true)
  ) s;
  PERFORM mark_and_hold_runs(experiments, days);
  PERFORM 1 FROM experiment WHERE id = ANY (experiments || ARRAY(SELECT s.experiment_uuid FROM jsonb_to_recordset(_steps) AS s (experiment_uuid uuid)))
    AND status = 'created' ORDER BY id FOR NO KEY UPDATE;
END $$;
