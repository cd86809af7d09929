-- Returns a labware type as an event stores it, or null if there is none with this name.
CREATE OR REPLACE FUNCTION labware_type_snapshot(_name text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object('created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
  FROM labware_type_state s WHERE s.name = _name
$$;
