-- The groups of the lab with the names of their devices. Both are in the order of the lab file. A group of the lab
-- file may be empty. A group that is not in the file exists as long as it has devices.
CREATE OR REPLACE VIEW group_state AS
SELECT g.name, g.ordinal, coalesce(jsonb_agg(d.name ORDER BY d.ordinal, d.name) FILTER (WHERE d.id IS NOT NULL), '[]') AS devices
FROM device_group g
LEFT JOIN device d ON d."group" = g.name AND d.listed AND d.retired_at IS NULL
GROUP BY g.name, g.ordinal
HAVING g.ordinal IS NOT NULL OR count(d.id) > 0;
