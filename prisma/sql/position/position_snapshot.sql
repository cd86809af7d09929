-- Returns a slot as an event stores it: `disposes` is what was set for the slot, null if it is as its device says.
CREATE OR REPLACE FUNCTION position_snapshot(_position uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object('disposes', p.disposes_set) FROM position_state s JOIN position p ON p.id = s.id WHERE s.id = _position
$$;
