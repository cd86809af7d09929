-- Makes a labware type as the input says. Nothing is written if it is so. `_input` is a labware_type_input.
--
-- Locks: The lab lock.
CREATE OR REPLACE FUNCTION put_labware_type(_name text, _input json, _audit jsonb, OUT created boolean, OUT labware_type labware_type_state) LANGUAGE plpgsql AS $$
DECLARE
  wanted labware_type_input := json_populate_record(NULL::labware_type_input, _input);
  known labware_type_state;
BEGIN
  PERFORM lock_lab();
  wanted.name := _name;
  wanted.deep_well := coalesce(wanted.deep_well, false);
  SELECT * INTO known FROM labware_type_state s WHERE s.name = _name;
  created := known.name IS NULL;
  IF created OR (known.description, known.deep_well, known.height_mm, known.wells, known.lid, known.extra::text)
    IS DISTINCT FROM (wanted.description, wanted.deep_well, wanted.height_mm, wanted.wells, wanted.lid, wanted.extra::text) THEN
    PERFORM write_labware_types(json_build_array(to_json(wanted)), '{}', next_revision(), 0, _audit);
  END IF;
  SELECT * INTO labware_type FROM labware_type_state s WHERE s.name = _name;
END $$;
