-- Creates an experiment. `_input` has the members of the request, and id and created_as. The outcome is `created`, or
-- `repeated` (the same id and the same request before). Steps that named the experiment before become its steps.
--
-- Locks: The new row, the steps that named it, and last the lab.
-- Raises: process-not-found, id-in-use
CREATE OR REPLACE FUNCTION create_experiment(_input jsonb, _audit jsonb) RETURNS TABLE (outcome text, experiment experiment_state)
LANGUAGE plpgsql AS $$
DECLARE
  wanted uuid := (_input->>'id')::uuid;
  known text;
  linked integer;
  this_revision bigint;
BEGIN
  PERFORM begin_command();
  INSERT INTO experiment (id, process_id, name, session, metadata, warnings, created_as, created_at, updated_at)
  SELECT wanted, p.id, _input->>'name', _input->>'session', nullif(_input->'metadata', 'null'), coalesce(_input->'warnings', '[]'), _input->>'created_as', command_time(), command_time()
  FROM process p WHERE p.id = (_input->>'process_id')::uuid
  ON CONFLICT ON CONSTRAINT experiment_pkey DO NOTHING;
  IF FOUND THEN
    linked := link_steps_to_experiments(ARRAY[wanted]);
    this_revision := next_revision();
    IF linked + link_steps_to_experiments(ARRAY[wanted]) > 0 THEN
      UPDATE experiment e SET status = 'running' WHERE e.id = wanted;
    END IF;
    PERFORM record_experiment_event(this_revision, 0, 'experiment-created', wanted, NULL, _audit);
    outcome := 'created';
  ELSE
    SELECT e.created_as INTO known FROM experiment e WHERE e.id = wanted;
    IF NOT FOUND THEN
      PERFORM refuse('process-not-found', jsonb_build_object('process_id', _input->'process_id', 'pointer', '/process_id'));
    ELSIF known IS DISTINCT FROM _input->>'created_as' THEN
      PERFORM refuse('id-in-use', jsonb_build_object('id', wanted, 'pointer', '/id'));
    END IF;
    outcome := 'repeated';
  END IF;
  SELECT s.* INTO experiment FROM experiment_state s WHERE s.id = wanted;
  RETURN NEXT;
END $$;
