-- Returns why a labware type does not fit in a slot, as a problem shows it; null if it fits.
CREATE OR REPLACE FUNCTION labware_misfit(_type labware_type, _position uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT jsonb_build_object('labware_type', _type.name, 'device', d.name, 'position', p.slot_number, 'rule', m.rule)
      || CASE m.rule
        WHEN 'labware_types' THEN jsonb_build_object('labware_types', coalesce(p.labware_types, d.labware_types))
        WHEN 'max_height_mm' THEN jsonb_build_object('height_mm', _type.height_mm, 'max_height_mm', coalesce(p.max_height_mm, d.max_height_mm))
        ELSE '{}' END
    FROM position p JOIN device d ON d.id = p.device_id
    CROSS JOIN LATERAL (SELECT misfit_rule(_type.name, _type.deep_well, _type.height_mm,
      p.deep_well_suited, p.labware_types, p.max_height_mm, d.labware_types, d.max_height_mm) AS rule) m
    WHERE p.id = _position AND m.rule IS NOT NULL);
END $$;
