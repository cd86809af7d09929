-- Returns the first member in which what is told again about a step differs from what is stored; null if nothing does. What is not
-- told again does not differ. A step that is over and is told as running was told late: nothing about it is new.
CREATE OR REPLACE FUNCTION differing_member(_known step, _told jsonb) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN _told->>'status' = 'running' AND _known.status IN ('completed', 'failed', 'aborted') THEN NULL
    WHEN _told->>'status' <> 'running' AND (_told->>'finish')::timestamptz IS DISTINCT FROM _known.finish THEN 'finish'
    WHEN _told->>'status' <> 'running' AND _told->>'status' <> _known.status THEN 'status'
    WHEN nullif(_told->'pauses', 'null') <> (SELECT coalesce(jsonb_agg(jsonb_build_object('paused_at', wire_time(p.paused_at), 'resumed_at', wire_time(p.resumed_at)) ORDER BY p.ordinal), '[]')
      FROM pause p WHERE p.subject = 'step' AND p.subject_id = _known.id) THEN 'pauses'
    WHEN NOT _known.data @> (_told->'data') THEN 'data'
    WHEN nullif(_told->'experiment_named', 'null') IS NOT NULL
      AND _told->>'experiment_named' IS DISTINCT FROM coalesce(_known.experiment_id::text, _known.experiment_named) THEN 'experiment_id'
    WHEN is_another_place(_told->'origin', _known.origin_device_id, _known.origin_position) THEN 'origin'
    WHEN is_another_place(_told->'destination', _known.destination_device_id, _known.destination_position) THEN 'destination'
    ELSE (
      SELECT m.name FROM (VALUES
        ('name', to_jsonb(_known.name)), ('lidded_before', to_jsonb(_known.lidded_before)), ('lidded_after', to_jsonb(_known.lidded_after)),
        ('barcode_read', to_jsonb(_known.barcode_read)), ('is_simulation', to_jsonb(_known.is_simulation AND (_told->>'is_simulation')::boolean)), ('attempt', to_jsonb(_known.attempt)),
        ('expected_seconds', to_jsonb(_known.expected_seconds)), ('error', to_jsonb(_known.error)), ('session', to_jsonb(_known.session))
      ) AS m (name, value)
      WHERE nullif(_told->m.name, 'null') IS NOT NULL AND _told->m.name IS DISTINCT FROM m.value LIMIT 1)
  END
$$;
