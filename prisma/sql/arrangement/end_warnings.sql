-- Returns what is unusual about the containers of an arrangement at its end, by their labware types: [{ code, detail, pointer }],
-- in the order of `_ends`, which are container_end with the pointer of the entry. What a person sees passes, and is told.
CREATE OR REPLACE FUNCTION end_warnings(_ends jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(w.value || jsonb_build_object('pointer', e.end->'pointer') ORDER BY e.n, w.nth), '[]')
  FROM jsonb_array_elements(_ends) WITH ORDINALITY AS e ("end", n)
  JOIN container c ON c.id = (e.end->>'container_id')::uuid
  JOIN labware_type t ON t.name = c.labware_type
  JOIN position p ON p.id = (e.end->>'body_to')::uuid JOIN device d ON d.id = p.device_id
  CROSS JOIN LATERAL jsonb_array_elements(fit_warnings(t, (e.end->>'body_to')::uuid, (e.end->>'lidded_to')::boolean)) WITH ORDINALITY AS w (value, nth)
  -- Only for the few that are unusual, the warnings are written.
  WHERE misfit_rule(t.name, t.deep_well, t.height_mm, p.deep_well_suited, p.labware_types, p.max_height_mm, d.labware_types, d.max_height_mm) IS NOT NULL
    OR t.lid = CASE WHEN (e.end->>'lidded_to')::boolean THEN 'none' ELSE 'always' END
$$;
