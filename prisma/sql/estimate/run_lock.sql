-- Returns the advisory lock of a run. A command that has marked the run and will write its steps under the lab lock holds this lock as shared. The
-- learner takes it exclusively, without waiting, before it says that a run is no longer pending. Otherwise the command would have to mark
-- the run again, and would wait for its row while the whole lab waits. There are 1,024 locks for all runs, because PostgreSQL has room for
-- some thousands only.
CREATE OR REPLACE FUNCTION run_lock(_key text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT 72707369000 + (hashtext(_key) & 1023)
$$;
