-- Returns a container as an event stores it: the members of `container_state`, with times as the API shows them. Null if there is none. It reads
-- one after another what the view joins: each place is found by key, and to prepare nine joins takes twice as long as that. A test
-- compares the two.
--
-- Settings: `plan_cache_mode = force_generic_plan`: it finds everything by key, so one plan is good for all containers. Without
-- the setting PostgreSQL plans each query again in the first five calls of a connection.
CREATE OR REPLACE FUNCTION container_snapshot(_container uuid) RETURNS jsonb LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  found container;
  starting_device text;
  starting_slot integer;
  body_device text;
  body_slot integer;
  lid_device text;
  lid_slot integer;
  last_device text;
  last_slot integer;
BEGIN
  SELECT c.* INTO found FROM container c WHERE c.id = _container;
  IF found.id IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT d.name, p.slot_number INTO starting_device, starting_slot FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = found.starting_position_id;
  SELECT d.name, p.slot_number INTO body_device, body_slot FROM placement pl JOIN position p ON p.id = pl.position_id JOIN device d ON d.id = p.device_id
  WHERE pl.container_id = _container AND pl.part = 'body';
  SELECT d.name, p.slot_number INTO lid_device, lid_slot FROM placement pl JOIN position p ON p.id = pl.position_id JOIN device d ON d.id = p.device_id
  WHERE pl.container_id = _container AND pl.part = 'lid';
  IF found.missing_since IS NOT NULL THEN
    SELECT d.name, p.slot_number INTO last_device, last_slot FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = found.last_position_id;
  END IF;
  RETURN jsonb_build_object(
    'id', found.id, 'name', found.name, 'barcode', found.barcode, 'device', body_device, 'position', body_slot,
    'starting_device', starting_device, 'starting_position', starting_slot, 'lidded', found.lidded,
    'lid', CASE WHEN lid_device IS NOT NULL THEN jsonb_build_object('device', lid_device, 'position', lid_slot) END,
    'filled', found.filled, 'content', found.content, 'labware_type', found.labware_type, 'labware_uuid', found.labware_uuid, 'is_reagent', found.is_reagent,
    'removed_at', wire_time(found.removed_at), 'missing_since', wire_time(found.missing_since), 'last_device', last_device, 'last_position', last_slot,
    'created_at', wire_time(found.created_at), 'updated_at', wire_time(found.updated_at), 'version', found.version);
END $$;
