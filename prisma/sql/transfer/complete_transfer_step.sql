-- Returns the step of a transfer with what the transfer knows: the container, the lid before and after, whether the
-- barcode was read, and of a move both places. What the step says itself wins.
CREATE OR REPLACE FUNCTION complete_transfer_step(_step jsonb, _before jsonb, _after jsonb, _barcode_read boolean) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT _step || jsonb_build_object(
    'containers', CASE WHEN _step->'containers' = '[]'
      THEN jsonb_build_array(jsonb_build_object('named', coalesce(_after->>'barcode', _after->>'id'), 'id', _after->'id'))
      ELSE _step->'containers' END,
    'lidded_before', coalesce(nullif(_step->'lidded_before', 'null'), _before->'lidded'),
    'lidded_after', coalesce(nullif(_step->'lidded_after', 'null'), _after->'lidded'),
    'barcode_read', coalesce(nullif(_step->'barcode_read', 'null'), to_jsonb(_barcode_read)))
  || CASE WHEN _step->>'kind' = 'move' THEN jsonb_build_object(
    'origin', coalesce(nullif(_step->'origin', 'null'), jsonb_build_object('device', _before->'device', 'position', _before->'position')),
    'destination', coalesce(nullif(_step->'destination', 'null'), jsonb_build_object('device', _after->'device', 'position', _after->'position')))
    ELSE '{}' END
$$;
