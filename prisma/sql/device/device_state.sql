-- A device as the API shows it: each column is a member of the JSON.
CREATE OR REPLACE VIEW device_state AS
SELECT
  id, name, "group", type, description, uri, capacity, process_capacity, min_capacity, allows_overlap, extra,
  server_certificate IS NOT NULL AS has_certificate, listed, retired_at, created_at, updated_at, version
FROM device;
