-- Returns what a problem says of a label of before: { relabelled }, or an empty object if no container had it.
CREATE OR REPLACE FUNCTION relabelled_member(_barcode text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN bearers IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('relabelled', bearers) END FROM former_bearers(_barcode) AS bearers
$$;
