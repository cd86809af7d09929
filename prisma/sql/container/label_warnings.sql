-- Returns the warnings about labels that containers get, or have just got: [{ code, pointer, detail }], in the order of `_labels`, which are
-- [{ id, barcode, pointer }]. Judged by the end: another container on the platform, or another one of `_labels`, has a barcode that differs
-- in case only. It is VOLATILE, so that it sees what a command in the same statement has written. Every command that sets a barcode
-- uses it.
CREATE OR REPLACE FUNCTION label_warnings(_labels jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN (
    WITH label AS MATERIALIZED (
      SELECT l.n, l.id, l.barcode, l.pointer FROM ROWS FROM (jsonb_to_recordset(_labels) AS (id uuid, barcode text, pointer text)) WITH ORDINALITY AS l (id, barcode, pointer, n)
      WHERE l.barcode IS NOT NULL
    ),
    -- those that are alike among themselves
    told AS MATERIALIZED (
      SELECT lower(l.barcode) AS folded, min(l.barcode) AS one, max(l.barcode) AS other FROM label l GROUP BY lower(l.barcode) HAVING min(l.barcode) <> max(l.barcode)
    ),
    alike AS (
      -- A look into the index for each label: a join might read all containers, and so might ORDER BY with LIMIT 1 (alike_barcode).
      SELECT l.n, (
        SELECT (array_agg(c.barcode ORDER BY c.barcode))[1] FROM container c
        WHERE c.removed_at IS NULL AND lower(c.barcode) = lower(l.barcode) AND c.barcode <> l.barcode AND c.id NOT IN (SELECT o.id FROM label o WHERE o.id IS NOT NULL)) AS barcode
      FROM label l
      UNION ALL
      SELECT l.n, CASE WHEN t.one = l.barcode THEN t.other ELSE t.one END FROM label l JOIN told t ON t.folded = lower(l.barcode)
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object('code', 'barcode-differs-in-case', 'pointer', l.pointer, 'detail',
        'Another container on the platform has the barcode "' || a.barcode || '". It differs from "' || l.barcode || '" in case only; scanners read them as two.') ORDER BY l.n), '[]')
    FROM (SELECT alike.n, min(alike.barcode) AS barcode FROM alike WHERE alike.barcode IS NOT NULL GROUP BY alike.n) a JOIN label l ON l.n = a.n);
END $$;
