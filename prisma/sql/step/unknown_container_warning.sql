-- Returns the warning about a container that the service does not know, or null if it knows it. A label of before is told with the container that bore it.
CREATE OR REPLACE FUNCTION unknown_container_warning(_ordinal integer, _named text, _container uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN _container IS NULL THEN jsonb_build_object('code', 'unknown-container', 'pointer', '/containers/' || _ordinal,
    'detail', 'No container "' || _named || '" is known; the step is stored with the name.'
      || coalesce(' The barcode "' || alike_barcode(_named) || '" on the platform differs from it in case only.', '')
      || coalesce((SELECT ' Until ' || (former->>'until') || ', it was the barcode of the container ' || coalesce('"' || (former->>'barcode') || '"', former->>'id')
          || '. If that one is meant, correct the step with PATCH /api/steps/{id}.'
        FROM jsonb_extract_path(former_bearers(_named), '0') AS former WHERE former IS NOT NULL), '')) END
$$;
