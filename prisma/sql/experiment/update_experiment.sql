-- Changes status, name or metadata of an experiment, as far as given; null clears. Nothing is written if nothing
-- changes.
--
-- Locks: The caller has locked the experiment and looked at it. Takes the lab lock.
CREATE OR REPLACE FUNCTION update_experiment(_id uuid, _changes jsonb, _audit jsonb) RETURNS SETOF experiment_state LANGUAGE plpgsql AS $$
DECLARE
  before jsonb := experiment_snapshot(_id);
  wanted jsonb := before || _changes;
BEGIN
  IF wanted <> before THEN
    UPDATE experiment e SET status = wanted->>'status', name = wanted->>'name', metadata = nullif(wanted->'metadata', 'null'), warnings = wanted->'warnings',
      version = e.version + 1, updated_at = command_time()
    WHERE e.id = _id;
    PERFORM record_experiment_event(next_revision(), 0, 'experiment-updated', _id, before, _audit);
  END IF;
  RETURN QUERY SELECT * FROM experiment_state s WHERE s.id = _id;
END $$;
