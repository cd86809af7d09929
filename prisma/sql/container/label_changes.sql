-- Returns what new labels change, as the API shows it. `_labels` is [{ id, barcode }]; `_ends` are the container_end that are
-- written before. It reads the state before both.
CREATE OR REPLACE FUNCTION label_changes(_labels jsonb, _ends jsonb DEFAULT '[]') RETURNS jsonb LANGUAGE sql STABLE AS $$
  WITH placed AS MATERIALIZED (
    SELECT (change->'container'->>'id')::uuid AS id, change->'to' AS situation FROM jsonb_array_elements(end_changes(_ends)) AS change
  )
  SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'barcode-set',
      'container', jsonb_build_object('id', s.id, 'barcode', l.barcode, 'name', relabelled_name(s.name, s.barcode, l.barcode)),
      'from', was.situation, 'to', was.situation || jsonb_build_object('barcode', l.barcode))
    ORDER BY l.n), '[]')
  FROM ROWS FROM (jsonb_to_recordset(_labels) AS (id uuid, barcode text)) WITH ORDINALITY AS l (id, barcode, n)
  JOIN container_state s ON s.id = l.id
  LEFT JOIN placed p ON p.id = l.id
  CROSS JOIN LATERAL (
    SELECT coalesce(p.situation, container_situation(to_jsonb(s) || jsonb_build_object('missing_since', wire_time(s.missing_since)))) AS situation
  ) was
$$;
