-- Refuses a list of labware types that names one that the lab does not have. `_pointer` is the JSON pointer of the list.
--
-- Raises: invalid-request
CREATE OR REPLACE FUNCTION refuse_unknown_labware_types(_names text[], _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  faults jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('in', 'body', 'pointer', _pointer || '/' || (n.nth - 1), 'detail',
    'names no labware type of the lab: "' || n.name || '". GET /api/labware-types lists them, and PUT /api/labware-types/{name} or `labware_types` in the lab file adds one') ORDER BY n.nth)
  INTO faults
  FROM unnest(_names) WITH ORDINALITY AS n (name, nth) WHERE NOT EXISTS (SELECT FROM labware_type t WHERE t.name = n.name);
  IF faults IS NOT NULL THEN
    PERFORM refuse('invalid-request', jsonb_build_object('errors', faults));
  END IF;
END $$;
