-- Returns the rule by which a labware type does not fit in a slot: `deep_well`, `labware_types` or `max_height_mm`; null if it
-- fits, or if there is no type. What a slot says replaces what its device says. PostgreSQL inlines the function.
CREATE OR REPLACE FUNCTION misfit_rule(
  _name text, _deep_well boolean, _height_mm double precision,
  _deep_well_suited boolean, _slot_types text[], _slot_max_mm double precision, _device_types text[], _device_max_mm double precision
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN _name IS NULL THEN NULL
    WHEN _deep_well AND NOT _deep_well_suited THEN 'deep_well'
    WHEN _name <> ALL (coalesce(_slot_types, _device_types)) THEN 'labware_types'
    WHEN _height_mm > coalesce(_slot_max_mm, _device_max_mm) THEN 'max_height_mm'
  END
$$;
