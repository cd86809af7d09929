-- Returns what helps somebody who named a barcode that no container on the platform has: `relabelled` (former_bearers),
-- `removed` (removed_bearers) and `differs_in_case` (alike_barcode), each only if there is something to say.
CREATE OR REPLACE FUNCTION barcode_hints(_barcode text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_object_agg(hint.name, hint.value), '{}')
  FROM (VALUES ('relabelled', former_bearers(_barcode)), ('removed', removed_bearers(_barcode)), ('differs_in_case', to_jsonb(alike_barcode(_barcode)))) AS hint (name, value)
  WHERE hint.value IS NOT NULL
$$;
