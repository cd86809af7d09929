-- Returns what is unusual about a container by its labware type: [{ code, detail }], or null if there is nothing. It stands
-- where the type does not fit, or its lid is not as the type says. It is VOLATILE, so that it sees what a command in the
-- same statement has written.
CREATE OR REPLACE FUNCTION labware_warnings(_container uuid) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  type labware_type;
  misfit jsonb;
  is_lidded boolean;
  warnings jsonb := '[]';
BEGIN
  SELECT t.* INTO type FROM container c JOIN labware_type t ON t.name = c.labware_type WHERE c.id = _container AND c.removed_at IS NULL;
  IF type.name IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT labware_misfit(type, pl.position_id) INTO misfit FROM placement pl WHERE pl.container_id = _container AND pl.part = 'body';
  SELECT c.lidded INTO is_lidded FROM container c WHERE c.id = _container;
  IF misfit IS NOT NULL THEN
    warnings := warnings || jsonb_build_object('code', 'labware-does-not-fit', 'detail',
      'A "' || type.name || '" does not fit in slot ' || (misfit->>'position') || ' of ' || (misfit->>'device') || ' by the rule ' || (misfit->>'rule') || '.');
  END IF;
  IF is_lidded AND type.lid = 'none' THEN
    warnings := warnings || jsonb_build_object('code', 'lid-contradicts-type', 'detail', 'The lid is on, but a "' || type.name || '" has no lid.');
  ELSIF NOT is_lidded AND type.lid = 'always' THEN
    warnings := warnings || jsonb_build_object('code', 'lid-contradicts-type', 'detail', 'The lid is off, but a "' || type.name || '" always has its lid on.');
  END IF;
  RETURN nullif(warnings, '[]');
END $$;
