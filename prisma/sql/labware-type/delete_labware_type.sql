-- Deletes a labware type, and returns it as it was last. Containers keep its name.
--
-- Locks: The lab lock.
-- Raises: labware-type-not-found, labware-type-in-use
CREATE OR REPLACE FUNCTION delete_labware_type(_name text, _audit jsonb) RETURNS SETOF labware_type_state LANGUAGE plpgsql AS $$
DECLARE
  known labware_type_state;
BEGIN
  PERFORM lock_lab();
  SELECT * INTO known FROM labware_type_state s WHERE s.name = _name;
  IF known.name IS NULL THEN
    PERFORM refuse('labware-type-not-found', jsonb_build_object('labware_type', _name, 'parameter', 'name'));
  END IF;
  PERFORM write_labware_types('[]', ARRAY[_name], next_revision(), 0, _audit);
  RETURN NEXT known;
END $$;
