-- A webhook as the API shows it: each column is a member of the JSON. Its secrets are not among them.
CREATE OR REPLACE VIEW webhook_state AS
SELECT w.id, w.url, w.kinds, d.name AS device, w.description, w.disabled_at, w.disabled_because,
  (w.cursor_revision - 1)::double precision AS delivered_revision,
  greatest(l.revision - w.cursor_revision + 1, 0)::double precision AS revisions_behind,
  w.failures,
  CASE WHEN w.failures > 0 AND w.disabled_at IS NULL THEN w.due_at END AS next_attempt_at,
  CASE WHEN w.previous_secret_ends_at > command_time() THEN w.previous_secret_ends_at END AS previous_secret_ends_at,
  w.created_at, w.created_by, w.updated_at, w.version
FROM webhook w
CROSS JOIN lab l
LEFT JOIN device d ON d.id = w.device_id;
