-- Returns whether a report is about a step that is stored: its kind, device and start are those of the first report, or those that the
-- step has by now. The name does not matter: an orchestrator may know it only at the end, or tell it only at the start.
CREATE OR REPLACE FUNCTION is_same_step(_known step, _told jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT split_part(_known.created_as, ':', 1) IN (split_part(_told->>'created_as', ':', 1), coalesce(_told->>'identity_with_name', ''))
    OR (_known.kind = _told->>'kind' AND _known.start = (_told->>'start')::timestamptz AND _known.device_id IS NOT DISTINCT FROM latest_device_named(_told->>'device'))
$$;
