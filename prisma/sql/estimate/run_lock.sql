-- Returns the advisory lock of a run. A command that has marked the run and will write its steps under the lab lock holds it shared. The
-- learner takes it alone, without waiting, before it says that a run is no longer pending: otherwise the command would have to mark the
-- run again, and wait for its row while the whole lab waits. There are 64 locks for all runs, because PostgreSQL has room for a few
-- thousand locks only.
CREATE OR REPLACE FUNCTION run_lock(_key text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT 72707369000 + (hashtext(_key) & 63)
$$;
