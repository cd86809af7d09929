-- A slot as the API shows it: each column is a member of the JSON. Reservations are joined and not looked up for
-- each slot, so all slots of a device take one scan. A query without `reserved` does not read them.
CREATE OR REPLACE VIEW position_state AS
SELECT
  p.id, p.device_id, d.name AS device, p.slot_number AS position,
  pl.position_id IS NULL AS empty,
  CASE WHEN pl.part = 'body' THEN c.barcode END AS container,
  c.id AS container_id,
  CASE pl.part WHEN 'body' THEN 'container' WHEN 'lid' THEN 'lid' END AS occupied_by,
  p.deep_well_suited, p.disposes, to_jsonb(p.labware_types) AS labware_types, p.max_height_mm,
  -- The first condition spares the slots without a reservation the look at the time.
  CASE WHEN r.id IS NOT NULL AND r.expires_at > command_time()
    THEN jsonb_build_object('id', r.id, 'owner', r.owner, 'expires_at', wire_time(r.expires_at)) END AS reserved
FROM position p
JOIN device d ON d.id = p.device_id
LEFT JOIN placement pl ON pl.position_id = p.id
LEFT JOIN container c ON c.id = pl.container_id
LEFT JOIN reserved_position rp ON rp.position_id = p.id
LEFT JOIN reservation r ON r.id = rp.reservation_id
WHERE p.retired_at IS NULL AND d.retired_at IS NULL;
