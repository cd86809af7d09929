-- Takes the lab lock: the lock on the one row of `lab`. Every command that changes the lab takes this lock and looks at
-- the lab only then. Therefore commands run one after another, and what a command has seen stays true until it ends.
-- Most commands take it first. Those that write steps or experiments lock these before it: steps, runs, experiments, the lab (ADR 59).
-- The function is VOLATILE, so each statement after the lock sees the data that the previous holder left.
-- The time of the command is taken when it has the lock, and from then on the transaction waits for no other lock for long.
--
-- Locks: The row of `lab`, until the end of the transaction.
-- Raises: lock_not_available, later (see begin_short_waits)
CREATE OR REPLACE FUNCTION lock_lab() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM lab WHERE id = 1 FOR NO KEY UPDATE;
  PERFORM begin_short_waits();
  PERFORM begin_command();
END $$;
