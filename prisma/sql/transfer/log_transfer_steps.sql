-- Logs the steps of transfers, and writes their event under the revision of the transfers, from `_ordinal` on. Returns { steps, changed }: the steps that are
-- new, as { id: snapshot } with what step_snapshot would return, and whether an event was written.
--
-- Locks: What log_steps locks, then the lab.
-- Raises: What log_steps and record_logged_steps raise; serialization_failure if a step began while its end was told. The caller tries again.
CREATE OR REPLACE FUNCTION log_transfer_steps(_steps jsonb, _devices jsonb, _batch boolean, _revision bigint, _ordinal integer, _audit jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  snapshots jsonb;
  to_record jsonb;
  merges boolean;
BEGIN
  SELECT jsonb_object_agg((l.step).id, to_jsonb(l.step) || jsonb_build_object(
      'start', wire_time((l.step).start), 'finish', wire_time((l.step).finish), 'paused_at', wire_time((l.step).paused_at),
      'created_at', wire_time((l.step).created_at), 'updated_at', wire_time((l.step).updated_at))) FILTER (WHERE l.outcome = 'logged'),
    (array_agg(l.record) FILTER (WHERE l.record IS NOT NULL))[1], bool_or(l.outcome = 'merge')
  INTO snapshots, to_record, merges FROM log_steps(_steps, _devices, _batch) l;
  IF merges THEN
    RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'a step began while its end was told';
  END IF;
  PERFORM record_logged_steps(to_record, _audit, _revision, _ordinal);
  RETURN jsonb_build_object('steps', snapshots, 'changed', to_record IS NOT NULL);
END $$;
