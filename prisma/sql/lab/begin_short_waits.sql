-- From here on, this transaction waits 50 ms at most for each other lock. A transaction that has the lab lock begins this, because all of the lab
-- waits with it. What could take long is locked ahead (ADR 59), so there is little to wait for: a step with the same new id, which another
-- command has written and not committed, a step that has just named a new experiment, or a slot that a lab file is about to retire. The other
-- command needs the lab lock next. Without this, PostgreSQL would find the deadlock only after a second.
--
-- Raises: lock_not_available, later, at a lock that cannot be had. The service tries the command again.
CREATE OR REPLACE FUNCTION begin_short_waits() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('lock_timeout', '50ms', true);
END $$;
