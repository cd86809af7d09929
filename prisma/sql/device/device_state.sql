-- A device as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW device_state AS
SELECT
  id, name, "group", type, description, uri, capacity, process_capacity, min_capacity, allows_overlap, disposes, to_jsonb(labware_types) AS labware_types,
  max_height_mm, extra,
  server_certificate IS NOT NULL AS has_certificate, listed, retired_at, created_at, updated_at, version
FROM device;
