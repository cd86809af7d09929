-- Returns what is unusual about a container by its labware type: [{ code, detail }], or null if there is nothing. It stands
-- where the type does not fit, or its lid is not as the type says. It is VOLATILE, so that it sees what a command in the
-- same statement has written.
CREATE OR REPLACE FUNCTION labware_warnings(_container uuid) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  type labware_type;
BEGIN
  SELECT t.* INTO type FROM container c JOIN labware_type t ON t.name = c.labware_type WHERE c.id = _container AND c.removed_at IS NULL;
  IF type.name IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN (
    SELECT nullif(fit_warnings(type, pl.position_id, c.lidded), '[]')
    FROM container c LEFT JOIN placement pl ON pl.container_id = c.id AND pl.part = 'body' WHERE c.id = _container);
END $$;
