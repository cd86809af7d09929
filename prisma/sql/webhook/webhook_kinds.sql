-- Returns the kinds of events of a request, each once, in order; null for all kinds.
CREATE OR REPLACE FUNCTION webhook_kinds(_kinds jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT array_agg(DISTINCT k.kind ORDER BY k.kind)
  FROM jsonb_array_elements_text(CASE jsonb_typeof(_kinds) WHEN 'array' THEN _kinds ELSE '[]' END) AS k (kind)
$$;
