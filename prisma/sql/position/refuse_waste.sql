-- Refuses a place where things are disposed of: nothing can stand there. `_place` is what lookup_waste returned; without one
-- nothing is refused.
--
-- Raises: position-disposes
CREATE OR REPLACE FUNCTION refuse_waste(_place jsonb, _pointer text) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF _place IS NOT NULL THEN
    PERFORM refuse('position-disposes', _place || jsonb_build_object('pointer', _pointer));
  END IF;
END $$;
