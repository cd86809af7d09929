-- Returns a reservation as an event stores it.
CREATE OR REPLACE FUNCTION reservation_snapshot(_reservation uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object('expires_at', wire_time(s.expires_at),
    'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
  FROM reservation_state s WHERE s.id = _reservation
$$;
