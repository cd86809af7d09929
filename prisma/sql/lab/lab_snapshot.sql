-- Returns what the lab file says beyond the settings of the single devices, as the log stores it.
CREATE OR REPLACE FUNCTION lab_snapshot() RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'description', l.description, 'pythonlab_translation', l.pythonlab_translation, 'extra', l.extra,
    'groups', (
      SELECT coalesce(jsonb_agg(jsonb_build_object('name', g.name, 'devices', g.devices) ORDER BY g.ordinal, g.name), '[]')
      FROM group_state g))
  FROM lab l
$$;
