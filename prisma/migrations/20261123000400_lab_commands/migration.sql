-- The commands that change the lab itself: devices, their slots, the lab file, the wipe. Set-based: a lab of any size is a
-- handful of statements. What is to change is decided by the caller (src/domain/lab-diff.ts) under world_lock().

-- A device as it shall be. `kind` is the event that says so.
CREATE TYPE device_wish AS (
  id uuid, name text, "group" text, type text, description text, uri text,
  capacity integer, process_capacity integer, min_capacity integer, allows_overlap boolean, extra json,
  listed boolean, retired boolean, created_as text, kind text
);

-- Refuses wishes that would drop a slot where a container or a lid is, naming each.
CREATE FUNCTION refuse_dropped_slots(_wishes json) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  occupied jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('device', d.name, 'position', p.slot_number, 'occupant', occupant_of(p.id))
    ORDER BY d.name, p.slot_number)
  INTO occupied
  FROM json_populate_recordset(NULL::device_wish, _wishes) w
  JOIN device d ON d.id = w.id
  JOIN position p ON p.device_id = d.id
  JOIN placement pl ON pl.position_id = p.id
  WHERE w.retired OR p.slot_number >= w.capacity;
  IF occupied IS NOT NULL THEN
    PERFORM refuse('slots-occupied', jsonb_build_object('occupied', occupied));
  END IF;
END $$;

-- Where a device comes to stand that is added to a group or moved into it: last.
CREATE FUNCTION end_of_group(_group text) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT coalesce(max(ordinal) + 1, 0) FROM device WHERE "group" = _group AND listed AND retired_at IS NULL
$$;

-- Makes devices and their slots as wished, and logs each with its images. Retired devices and slots keep their rows, so
-- that what comes back is the same thing again.
CREATE FUNCTION write_devices(_wishes json, _revision bigint, _ordinal integer, _by jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
BEGIN
  PERFORM refuse_dropped_slots(_wishes);
  SELECT coalesce(jsonb_object_agg(d.id, device_image(d.id)), '{}') INTO before
  FROM json_populate_recordset(NULL::device_wish, _wishes) w JOIN device d ON d.id = w.id;

  INSERT INTO device_group (name)
  SELECT DISTINCT w."group" FROM json_populate_recordset(NULL::device_wish, _wishes) w
  ON CONFLICT DO NOTHING;

  INSERT INTO device (id, name, "group", ordinal, type, description, uri, capacity, process_capacity, min_capacity,
    allows_overlap, extra, listed, retired_at, created_as)
  SELECT w.id, w.name, w."group", end_of_group(w."group"), w.type, w.description, w.uri, w.capacity, w.process_capacity, w.min_capacity,
    w.allows_overlap, w.extra, w.listed, CASE WHEN w.retired THEN clock_timestamp() END, w.created_as
  FROM json_populate_recordset(NULL::device_wish, _wishes) w
  ON CONFLICT ON CONSTRAINT device_pkey DO UPDATE SET
    name = excluded.name, "group" = excluded."group", type = excluded.type,
    ordinal = CASE WHEN device."group" = excluded."group" AND device.listed AND device.retired_at IS NULL
      THEN device.ordinal ELSE excluded.ordinal END,
    description = excluded.description, uri = excluded.uri, capacity = excluded.capacity,
    process_capacity = excluded.process_capacity, min_capacity = excluded.min_capacity,
    allows_overlap = excluded.allows_overlap, extra = excluded.extra, listed = excluded.listed,
    retired_at = excluded.retired_at, created_as = excluded.created_as, version = device.version + 1, updated_at = clock_timestamp();

  UPDATE position p SET retired_at = clock_timestamp()
  FROM json_populate_recordset(NULL::device_wish, _wishes) w
  WHERE p.device_id = w.id AND p.retired_at IS NULL AND (w.retired OR p.slot_number >= w.capacity);
  INSERT INTO position (id, device_id, slot_number)
  SELECT gen_random_uuid(), w.id, slot
  FROM json_populate_recordset(NULL::device_wish, _wishes) w CROSS JOIN LATERAL generate_series(0, w.capacity - 1) AS slot
  WHERE NOT w.retired
  ON CONFLICT ON CONSTRAINT position_device_slot_key DO UPDATE SET retired_at = NULL WHERE position.retired_at IS NOT NULL;

  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, device_id, before, after)
  SELECT _revision, _ordinal + w.ordinality - 1, l.recorded_at, w.kind, _by->>'actor', _by->>'reason', _by->>'request_id',
    w.id, before->w.id::text, device_image(w.id)
  FROM ROWS FROM (json_populate_recordset(NULL::device_wish, _wishes)) WITH ORDINALITY w CROSS JOIN lab l;
END $$;

-- Changes what is known of a slot; _changes has the members to change. Of a slot that is not there nothing happens.
CREATE FUNCTION update_position(_device text, _slot integer, _changes jsonb, _by jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  changed uuid;
  holder uuid;
  before jsonb;
BEGIN
  PERFORM world_lock();
  SELECT s.id, s.device_id, to_jsonb(s) INTO changed, holder, before FROM position_state s WHERE s.device = _device AND s.position = _slot;
  IF changed IS NULL OR before @> _changes THEN
    RETURN;
  END IF;
  UPDATE position SET deep_well_suited = coalesce((_changes->>'deep_well_suited')::boolean, deep_well_suited) WHERE id = changed;
  PERFORM next_revision();
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, device_id, before, after)
  SELECT l.revision, 0, l.recorded_at, 'position-updated', _by->>'actor', _by->>'reason', _by->>'request_id', holder, before, to_jsonb(s)
  FROM position_state s CROSS JOIN lab l WHERE s.id = changed;
END $$;

-- Stores a device's server certificate, or with null forgets it. The log tells that there is one, not what it says.
CREATE FUNCTION set_certificate(_device text, _certificate text, _by jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  changed uuid;
  present text;
  before jsonb;
BEGIN
  PERFORM world_lock();
  SELECT d.id, d.server_certificate INTO changed, present FROM device d WHERE d.name = _device AND d.retired_at IS NULL;
  IF changed IS NULL THEN
    PERFORM refuse('device-not-found', jsonb_build_object('device', _device, 'parameter', 'device'));
  END IF;
  IF _certificate IS NULL AND present IS NULL THEN
    PERFORM refuse('no-certificate', jsonb_build_object('device', _device, 'parameter', 'device'));
  END IF;
  IF _certificate IS NOT DISTINCT FROM present THEN
    RETURN;
  END IF;
  before := device_image(changed);
  UPDATE device SET server_certificate = _certificate, version = version + 1, updated_at = clock_timestamp() WHERE id = changed;
  PERFORM next_revision();
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, device_id, before, after)
  SELECT l.revision, 0, l.recorded_at, CASE WHEN _certificate IS NULL THEN 'certificate-removed' ELSE 'certificate-set' END,
    _by->>'actor', _by->>'reason', _by->>'request_id', changed, before, device_image(changed)
  FROM lab l;
END $$;

-- ── The lab file ────────────────────────────────────────────────────────────────────────────────────────────────────

-- The groups of the lab with the names of their devices, both in the order of the lab file. A group of the file may be
-- empty; one that is not in the file is there as long as it has devices.
CREATE VIEW listed_group AS
SELECT g.name, g.ordinal, coalesce(jsonb_agg(d.name ORDER BY d.ordinal, d.name) FILTER (WHERE d.id IS NOT NULL), '[]') AS devices
FROM device_group g
LEFT JOIN device d ON d."group" = g.name AND d.listed AND d.retired_at IS NULL
GROUP BY g.name, g.ordinal
HAVING g.ordinal IS NOT NULL OR count(d.id) > 0;

-- What the lab file says beyond the settings of devices, as the log shows it.
CREATE FUNCTION lab_image() RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'description', l.description, 'pythonlab_translation', l.pythonlab_translation, 'extra', l.extra,
    'groups', (
      SELECT coalesce(jsonb_agg(jsonb_build_object('name', g.name, 'devices', g.devices) ORDER BY g.ordinal, g.name), '[]')
      FROM listed_group g))
  FROM lab l
$$;

CREATE TYPE lab_wish AS (description json, pythonlab_translation json, extra json, groups json);

-- Stores what the lab file says beyond the settings of devices. `groups` are the lab's groups with the names of their
-- devices, in order: [{ name, devices }]; others are not in the file any more. Call it after write_devices; _before is
-- lab_image() from before it.
CREATE FUNCTION write_lab(_wish json, _before jsonb, _revision bigint, _ordinal integer, _by jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  wish lab_wish := json_populate_record(NULL::lab_wish, _wish);
BEGIN
  UPDATE lab SET description = wish.description, pythonlab_translation = wish.pythonlab_translation, extra = wish.extra;

  UPDATE device_group SET ordinal = NULL WHERE ordinal IS NOT NULL;
  INSERT INTO device_group (name, ordinal)
  SELECT g.value->>'name', g.ordinality - 1 FROM json_array_elements(wish.groups) WITH ORDINALITY g
  ON CONFLICT ON CONSTRAINT device_group_pkey DO UPDATE SET ordinal = excluded.ordinal;

  UPDATE device d SET ordinal = n.ordinality - 1
  FROM json_array_elements(wish.groups) g CROSS JOIN LATERAL json_array_elements_text(g->'devices') WITH ORDINALITY n (name, ordinality)
  WHERE d.name = n.name AND d.retired_at IS NULL AND d.ordinal <> n.ordinality - 1;

  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, before, after)
  SELECT _revision, _ordinal, l.recorded_at, 'lab-updated', _by->>'actor', _by->>'reason', _by->>'request_id', _before, lab_image()
  FROM lab l;
END $$;

-- The wipe: every container is marked removed, every device retired; all history stays. Returns how many of each.
CREATE FUNCTION wipe_lab(_by jsonb) RETURNS TABLE (containers_removed integer, devices_retired integer, revision double precision)
LANGUAGE plpgsql AS $$
DECLARE
  wiped bigint;
  before jsonb;
  gone uuid[];
  retired json;
BEGIN
  PERFORM world_lock();
  SELECT array_agg(c.id ORDER BY c.created_at, c.id), coalesce(jsonb_object_agg(c.id, container_image(c.id)), '{}') INTO gone, before
  FROM container c WHERE c.removed_at IS NULL;
  SELECT json_agg(wish) INTO retired
  FROM (SELECT d.*, true AS retired, 'device-retired' AS kind FROM device d WHERE d.listed AND d.retired_at IS NULL ORDER BY d.name) wish;
  containers_removed := coalesce(cardinality(gone), 0);
  devices_retired := coalesce(json_array_length(retired), 0);

  IF containers_removed + devices_retired > 0 THEN
    wiped := next_revision();
  END IF;
  IF containers_removed > 0 THEN
    DELETE FROM placement;
    UPDATE container SET removed_at = clock_timestamp(), version = version + 1, updated_at = clock_timestamp()
    WHERE id = ANY (gone);
    INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, container_id, before, after)
    SELECT wiped, g.ordinality - 1, l.recorded_at, 'removed', _by->>'actor', _by->>'reason', _by->>'request_id',
      g.id, before->g.id::text, container_image(g.id)
    FROM unnest(gone) WITH ORDINALITY AS g (id, ordinality) CROSS JOIN lab l;
  END IF;
  IF devices_retired > 0 THEN
    PERFORM write_devices(retired, wiped, containers_removed, _by);
  END IF;
  SELECT l.revision INTO revision FROM lab l;
  RETURN NEXT;
END $$;
