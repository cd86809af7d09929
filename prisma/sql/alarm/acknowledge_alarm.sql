-- Says who is at an alarm, and what is done about it. The same note again changes nothing.
--
-- Locks: The alarm, then the lab.
-- Raises: alarm-not-found
CREATE OR REPLACE FUNCTION acknowledge_alarm(_id uuid, _note text, _audit jsonb) RETURNS SETOF alarm_state LANGUAGE plpgsql AS $$
DECLARE
  known alarm;
  before jsonb;
BEGIN
  SELECT * INTO known FROM alarm a WHERE a.id = _id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM refuse('alarm-not-found', '{"parameter": "id"}');
  ELSIF known.note IS DISTINCT FROM _note OR known.acknowledged_by IS DISTINCT FROM _audit->>'actor' THEN
    PERFORM begin_command();
    before := alarm_snapshot(_id);
    UPDATE alarm a SET note = _note, acknowledged_by = _audit->>'actor', acknowledged_at = command_time() WHERE a.id = _id;
    PERFORM record_alarm_events(next_revision(), 0, 'alarm-acknowledged', ARRAY[_id], jsonb_build_object(_id, before), _audit);
  END IF;
  RETURN QUERY SELECT * FROM alarm_state a WHERE a.id = _id;
END $$;
