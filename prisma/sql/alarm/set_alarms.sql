-- Makes the alarms of the steps that were looked at (`_looked`) those of the steps that take too long now (`_overdue`, some of them), and of
-- those that are lost: raises what is missing, and ends what is over. An alarm of another step is over when that step does not run. Returns how
-- many changed; none writes nothing. Reads only alarms that are on, and these steps.
--
-- Locks: The steps, in the order of their ids, then the lab.
CREATE OR REPLACE FUNCTION set_alarms(_looked uuid[], _overdue uuid[], _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  raised uuid[];
  over uuid[];
  befores jsonb;
  this_revision bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM alarm a WHERE a.over_at IS NULL)
    AND NOT EXISTS (SELECT FROM step s WHERE s.id = ANY (_overdue) AND s.status = 'running') THEN
    RETURN 0;
  END IF;
  PERFORM begin_command();
  PERFORM 1 FROM step s WHERE s.id = ANY (_overdue) OR s.id IN (SELECT a.step_id FROM alarm a WHERE a.over_at IS NULL) ORDER BY s.id FOR NO KEY UPDATE;
  SELECT array_agg(a.id), jsonb_object_agg(a.id, alarm_snapshot(a.id)) INTO over, befores
  FROM alarm a JOIN step s ON s.id = a.step_id
  WHERE a.over_at IS NULL AND s.status <> 'lost' AND (s.status <> 'running' OR (s.id = ANY (_looked) AND s.id <> ALL (_overdue)));
  UPDATE alarm a SET over_at = command_time() WHERE a.id = ANY (over);
  WITH inserted AS (
    INSERT INTO alarm (id, step_id, kind, raised_at)
    SELECT uuid_v7(), s.id, 'overdue', command_time() FROM step s WHERE s.id = ANY (_overdue) AND s.status = 'running'
    ON CONFLICT (step_id) WHERE over_at IS NULL DO NOTHING
    RETURNING alarm.id
  )
  SELECT array_agg(i.id) INTO raised FROM inserted i;
  IF raised IS NULL AND over IS NULL THEN
    RETURN 0;
  END IF;
  this_revision := next_revision();
  PERFORM record_alarm_events(this_revision, 0, 'step-alarm', raised, '{}', _audit);
  PERFORM record_alarm_events(this_revision, coalesce(cardinality(raised), 0), 'step-alarm-over', over, befores, _audit);
  RETURN coalesce(cardinality(raised), 0) + coalesce(cardinality(over), 0);
END $$;
