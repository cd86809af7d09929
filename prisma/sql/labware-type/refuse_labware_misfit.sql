-- Refuses a slot in which a labware type does not fit. The problem has the rule, and what the type and the slot say of it.
--
-- Raises: labware-does-not-fit
CREATE OR REPLACE FUNCTION refuse_labware_misfit(_type labware_type, _position uuid, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  misfit jsonb;
BEGIN
  IF _type.name IS NULL THEN
    RETURN;
  END IF;
  misfit := labware_misfit(_type, _position);
  IF misfit IS NOT NULL THEN
    PERFORM refuse('labware-does-not-fit', misfit || jsonb_build_object('pointer', _pointer));
  END IF;
END $$;
