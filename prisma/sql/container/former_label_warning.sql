-- Returns the warning that a barcode which was read is a former label of the container, as a list, which is empty if it is not.
CREATE OR REPLACE FUNCTION former_label_warning(_container uuid, _barcode text, _pointer text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT warning_list('former-label', _pointer, (
    SELECT 'The barcode "' || _barcode || '" was read. It is a former label of the container, '
      || CASE WHEN c.barcode IS NULL THEN 'which has no barcode now' ELSE 'whose barcode is "' || c.barcode || '" now' END
      || '. The command was recorded. If the plate has the old label, give it this barcode again with POST /api/containers/relabel, or replace the label.'
    FROM container c
    WHERE c.id = _container AND _barcode IS NOT NULL AND c.barcode IS DISTINCT FROM _barcode AND label_is_former(_container, _barcode)))
$$;
