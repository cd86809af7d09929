-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.

-- prisma/sql/lab/lab_config_at.sql
-- Returns the lab file as of a revision, read from the log, with the members that the present one has. Free members
-- (`extra`, `pythonlab_translation`) are stored in the log without the order of their keys. If they are the same today,
-- the present text is returned, which has the order of the file.
CREATE OR REPLACE FUNCTION lab_config_at(_revision bigint) RETURNS TABLE (description json, pythonlab_translation json, extra json, groups json, labware_types json)
LANGUAGE sql STABLE AS $$
  WITH file AS (
    SELECT after FROM event WHERE kind = 'lab-updated' AND revision <= _revision ORDER BY revision DESC, ordinal DESC LIMIT 1
  ),
  listed AS MATERIALIZED (
    SELECT d.value->>'name' AS name, d.value->>'group' AS "group", d.ordinality AS ordinal
    FROM lab_state_at(_revision) s CROSS JOIN LATERAL json_array_elements(s.devices) WITH ORDINALITY d
  ),
  -- Materialized, so that it is computed once: joined with the names as it is, it is computed again for each of them.
  state AS MATERIALIZED (
    SELECT * FROM device_state_at(_revision)
  ),
  device_then AS MATERIALIZED (
    SELECT l."group", l.ordinal, json_build_object('name', s.name, 'capacity', s.capacity, 'process_capacity', s.process_capacity,
      'min_capacity', s.min_capacity, 'allows_overlap', s.allows_overlap,
      'disposes', s.disposes, 'labware_types', s.labware_types, 'max_height_mm', s.max_height_mm, 'type', s.type, 'description', s.description, 'uri', s.uri,
      'extra', CASE WHEN d.extra::jsonb = s.extra::jsonb THEN d.extra ELSE s.extra END, 'slots', (
        SELECT json_agg(json_build_object('position', k.after->'position', 'deep_well_suited', k.after->'deep_well_suited', 'disposes', k.after->'disposes',
          'labware_types', k.after->'labware_types', 'max_height_mm', k.after->'max_height_mm') ORDER BY (k.after->>'position')::integer)
        FROM (
          SELECT DISTINCT ON (e.after->>'position') e.after FROM event e
          WHERE e.device_id = s.id AND e.kind = 'position-updated' AND e.revision <= _revision AND (e.after->>'position')::integer < s.capacity
          ORDER BY e.after->>'position', e.revision DESC, e.ordinal DESC
        ) k)) AS settings
    FROM state s JOIN listed l ON l.name = s.name JOIN device d ON d.id = s.id
    WHERE s.listed AND s.retired_at IS NULL
  ),
  group_then AS (
    SELECT g.value->>'name' AS name, g.ordinality AS ordinal
    FROM file CROSS JOIN LATERAL jsonb_array_elements(file.after->'groups') WITH ORDINALITY g
    UNION ALL
    SELECT t."group", NULL FROM device_then t
    WHERE t."group" NOT IN (SELECT g.value->>'name' FROM file CROSS JOIN LATERAL jsonb_array_elements(file.after->'groups') g)
    GROUP BY t."group"
  ),
  member AS MATERIALIZED (
    SELECT t."group", json_agg(t.settings ORDER BY t.ordinal) AS devices FROM device_then t GROUP BY t."group"
  )
  SELECT
    CASE WHEN l.description::jsonb = f.description THEN l.description ELSE nullif(f.description, 'null')::json END,
    CASE WHEN l.pythonlab_translation::jsonb = f.pythonlab_translation THEN l.pythonlab_translation ELSE nullif(f.pythonlab_translation, 'null')::json END,
    CASE WHEN l.extra::jsonb = f.extra THEN l.extra ELSE nullif(f.extra, 'null')::json END,
    (SELECT coalesce(json_agg(json_build_object('name', g.name, 'devices', coalesce(m.devices, '[]')) ORDER BY g.ordinal, g.name), '[]')
     FROM group_then g LEFT JOIN member m ON m."group" = g.name),
    (SELECT coalesce(json_agg(json_build_object('name', t.name, 'description', t.description, 'deep_well', t.deep_well, 'height_mm', t.height_mm,
       'wells', t.wells, 'lid', t.lid, 'extra', t.extra)), '[]') FROM labware_type_state_at(_revision) t)
  FROM lab l LEFT JOIN (
    SELECT after->'description' AS description, after->'pythonlab_translation' AS pythonlab_translation, after->'extra' AS extra FROM file
  ) f ON true
$$;
