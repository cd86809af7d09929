-- Returns an alarm as an event stores it.
CREATE OR REPLACE FUNCTION alarm_snapshot(_alarm uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(a) || jsonb_build_object('start', wire_time(a.start), 'raised_at', wire_time(a.raised_at), 'over_at', wire_time(a.over_at),
    'acknowledged_at', wire_time(a.acknowledged_at))
  FROM alarm_state a WHERE a.id = _alarm
$$;
