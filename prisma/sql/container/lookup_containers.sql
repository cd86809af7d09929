-- Finds the containers that have, or had, barcodes, in one statement: for each barcode, in order, what was found and the
-- containers, the most likely first. `_ids` has the id where a barcode is one. The first that is true is told: a container in a slot has
-- the barcode, the one that has it is missing, one on the platform had it before, removed ones had it to the end, removed ones had it
-- before, nobody ever had it. If no container has it now, all that had it are listed, as in bearers_of: somebody who reads an old
-- label may hold any of them, but rather one that is on the platform. `differs_in_case` is then the barcode of one on the platform (alike_barcode).
CREATE OR REPLACE FUNCTION lookup_containers(_barcodes text[], _ids uuid[]) RETURNS TABLE (n bigint, barcode text, found text, containers jsonb, differs_in_case text)
LANGUAGE sql STABLE AS $$
  WITH wanted AS MATERIALIZED (
    SELECT w.n, w.barcode, w.id FROM unnest(_barcodes, _ids) WITH ORDINALITY AS w (barcode, id, n)
  ),
  hit AS MATERIALIZED (
    SELECT DISTINCT ON (w.n, h.container_id) w.n, h.container_id, h.rank FROM wanted w CROSS JOIN LATERAL (
      SELECT c.id AS container_id, CASE WHEN c.removed_at IS NOT NULL THEN 4 WHEN c.missing_since IS NOT NULL THEN 2 ELSE 1 END AS rank
      FROM container c WHERE c.id = w.id
      UNION ALL
      SELECT c.id, CASE WHEN c.removed_at IS NOT NULL THEN 4 WHEN c.missing_since IS NOT NULL THEN 2 ELSE 1 END
      FROM container c WHERE c.barcode = w.barcode
      UNION ALL
      SELECT e.container_id, CASE WHEN c.removed_at IS NULL THEN 3 ELSE 5 END FROM label_event e JOIN container c ON c.id = e.container_id WHERE e.barcode = w.barcode
    ) h
    ORDER BY w.n, h.container_id, h.rank
  ),
  best AS (
    SELECT hit.n, min(hit.rank) AS rank FROM hit GROUP BY hit.n
  ),
  listed AS (
    SELECT hit.n, hit.container_id, row_number() OVER (PARTITION BY hit.n ORDER BY hit.rank, c.removed_at DESC NULLS FIRST, c.updated_at DESC, c.id) AS nth
    FROM hit JOIN best ON best.n = hit.n AND (best.rank = hit.rank OR best.rank > 2) JOIN container c ON c.id = hit.container_id
  ),
  shown AS (
    SELECT l.n, jsonb_agg(container_snapshot(l.container_id) ORDER BY l.nth) AS containers FROM listed l WHERE l.nth <= 20 GROUP BY l.n
  )
  SELECT w.n, w.barcode, CASE b.rank WHEN 1 THEN 'present' WHEN 2 THEN 'missing' WHEN 3 THEN 'relabelled' WHEN 4 THEN 'removed' WHEN 5 THEN 'relabelled' ELSE 'unknown' END,
    coalesce(s.containers, '[]'), CASE WHEN coalesce(b.rank, 6) > 2 THEN alike_barcode(w.barcode) END
  FROM wanted w LEFT JOIN best b ON b.n = w.n LEFT JOIN shown s ON s.n = w.n
$$;
