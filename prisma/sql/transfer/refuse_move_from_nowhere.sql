-- Refuses the step of a move whose ends nobody knows: the container is missing, and the step does not say where the move
-- began, or where it ended if the transfer does not.
--
-- Raises: source-mismatch
CREATE OR REPLACE FUNCTION refuse_move_from_nowhere(_before jsonb, _step jsonb, _moves boolean, _base text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  lacking text := CASE
    WHEN coalesce(_step->'origin', 'null') = 'null' THEN 'origin'
    WHEN NOT _moves AND coalesce(_step->'destination', 'null') = 'null' THEN 'destination' END;
BEGIN
  IF lacking IS NOT NULL THEN
    PERFORM refuse('source-mismatch', jsonb_build_object('expected', NULL, 'actual', NULL,
      'container', jsonb_build_object('id', _before->'id', 'barcode', _before->'barcode'), 'pointer', _base || '/step/' || lacking) || missing_members(_before));
  END IF;
END $$;
