-- Empties the lab: every container is removed and every device is retired. All history stays, and POST
-- /api/lab/restore brings the lab back. Returns the numbers of removed containers and retired devices.
--
-- Locks: The lab lock.
CREATE OR REPLACE FUNCTION wipe_lab(_audit jsonb) RETURNS TABLE (containers_removed integer, devices_retired integer, revision double precision)
LANGUAGE plpgsql AS $$
DECLARE
  wiped bigint;
  before jsonb;
  gone uuid[];
  retired json;
BEGIN
  PERFORM lock_lab();
  SELECT array_agg(c.id ORDER BY c.created_at, c.id), coalesce(jsonb_object_agg(c.id, container_snapshot(c.id)), '{}') INTO gone, before
  FROM container c WHERE c.removed_at IS NULL;
  SELECT json_agg(input) INTO retired
  FROM (SELECT d.*, true AS retired, 'device-retired' AS kind FROM device d WHERE d.listed AND d.retired_at IS NULL ORDER BY d.name) input;
  containers_removed := coalesce(cardinality(gone), 0);
  devices_retired := coalesce(json_array_length(retired), 0);

  IF containers_removed + devices_retired > 0 THEN
    wiped := next_revision();
  END IF;
  IF containers_removed > 0 THEN
    DELETE FROM placement;
    UPDATE container SET removed_at = command_time(), missing_since = NULL, last_position_id = NULL, version = version + 1, updated_at = command_time()
    WHERE id = ANY (gone);
    INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, container_id, was, became)
    SELECT wiped, g.ordinality - 1, l.recorded_at, 'removed', _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
      g.id, before->g.id::text, container_snapshot(g.id)
    FROM unnest(gone) WITH ORDINALITY AS g (id, ordinality) CROSS JOIN lab l;
  END IF;
  IF devices_retired > 0 THEN
    PERFORM write_devices(retired, '[]', wiped, containers_removed, _audit);
  END IF;
  IF wiped IS NOT NULL THEN
    PERFORM record_lab_event(wiped, containers_removed + devices_retired, 'lab-wiped',
      jsonb_build_object('containers_removed', containers_removed, 'devices_retired', devices_retired), _audit);
  END IF;
  SELECT l.revision INTO revision FROM lab l;
  RETURN NEXT;
END $$;
