-- Returns the labware type of what a command places: of a container, or of the type with the name that the request has. Null
-- for a lid, and for a type that nobody described: they go anywhere.
CREATE OR REPLACE FUNCTION lookup_labware_type(_container uuid, _part text) RETURNS labware_type LANGUAGE plpgsql STABLE AS $$
DECLARE
  found labware_type;
BEGIN
  IF _part = 'body' THEN
    SELECT t.* INTO found FROM container c JOIN labware_type t ON t.name = c.labware_type WHERE c.id = _container;
  END IF;
  RETURN found;
END $$;
