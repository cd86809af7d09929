-- Refuses to take labware types out of the lists of devices and slots, if one of these lists would become empty: then suddenly no type
-- that somebody described might stand there. Only a person knows whether any type may, or which others. `in_use` are the devices
-- and slots, at most 20. Those that are retired do not count.
--
-- Raises: labware-type-in-use
CREATE OR REPLACE FUNCTION refuse_labware_types_in_use(_names text[]) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  in_use jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('device', u.device, 'position', u.position) ORDER BY u.device, u.position NULLS FIRST) INTO in_use
  FROM (
    SELECT d.name AS device, NULL::integer AS position FROM device d WHERE d.retired_at IS NULL AND d.labware_types && _names AND d.labware_types <@ _names
    UNION ALL
    SELECT d.name, p.slot_number FROM position p JOIN device d ON d.id = p.device_id
    WHERE p.retired_at IS NULL AND d.retired_at IS NULL AND p.labware_types && _names AND p.labware_types <@ _names
    ORDER BY 1, 2 NULLS FIRST LIMIT 20
  ) u;
  IF in_use IS NOT NULL THEN
    PERFORM refuse('labware-type-in-use', jsonb_build_object('labware_types', to_jsonb(_names), 'in_use', in_use));
  END IF;
END $$;
