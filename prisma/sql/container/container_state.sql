-- A container as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW container_state AS
SELECT
  c.id, c.name, c.barcode,
  body_device.name AS device, body_position.slot_number AS position,
  starting_device.name AS starting_device, starting_position.slot_number AS starting_position,
  c.lidded,
  CASE WHEN lid.position_id IS NOT NULL
    THEN jsonb_build_object('device', lid_device.name, 'position', lid_position.slot_number) END AS lid,
  c.filled, c.content, c.labware_type, c.labware_uuid, c.is_reagent,
  c.removed_at, c.missing_since,
  -- Subqueries, not joins: few containers are missing, and the plan of the others stays small.
  CASE WHEN c.missing_since IS NOT NULL
    THEN (SELECT d.name FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = c.last_position_id) END AS last_device,
  CASE WHEN c.missing_since IS NOT NULL
    THEN (SELECT p.slot_number FROM position p WHERE p.id = c.last_position_id) END AS last_position,
  c.created_at, c.updated_at, c.version
FROM container c
JOIN position starting_position ON starting_position.id = c.starting_position_id
JOIN device starting_device ON starting_device.id = starting_position.device_id
LEFT JOIN placement body ON body.container_id = c.id AND body.part = 'body'
LEFT JOIN position body_position ON body_position.id = body.position_id
LEFT JOIN device body_device ON body_device.id = body_position.device_id
LEFT JOIN placement lid ON lid.container_id = c.id AND lid.part = 'lid'
LEFT JOIN position lid_position ON lid_position.id = lid.position_id
LEFT JOIN device lid_device ON lid_device.id = lid_position.device_id;
