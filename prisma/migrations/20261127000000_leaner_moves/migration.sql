-- A move looks once at the slot that it goes to, and links its event to the devices with one look at each name. What is
-- promised is unchanged. Measured by `npm run bench` (bench/README.md).

-- Which events concern a device. OFFSET 0: merged into the rest, the look at a name would be taken once for its column and
-- once more for its condition.
CREATE OR REPLACE FUNCTION link_event_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event_device (device_id, revision, ordinal)
  SELECT e.device_id, e.revision, e.ordinal FROM added e WHERE e.device_id IS NOT NULL
  UNION ALL
  SELECT found.id, e.revision, e.ordinal
  FROM added e
  CROSS JOIN LATERAL (
    SELECT device_named(named.name) AS id
    FROM (
      SELECT e.before->>'device' UNION SELECT e.before->'lid'->>'device' UNION SELECT e.after->>'device' UNION SELECT e.after->'lid'->>'device'
    ) AS named (name)
    WHERE named.name IS NOT NULL
    OFFSET 0
  ) found
  WHERE e.container_id IS NOT NULL AND found.id IS NOT NULL
  ON CONFLICT ON CONSTRAINT event_device_pkey DO NOTHING;
  RETURN NULL;
END $$;

-- Places a part of a container and returns where: the slot asked for, or one of the device's free ones. A slot that there is,
-- where nothing is and that is promised to nobody, takes one look; all else is left to those who can say what is wrong.
CREATE FUNCTION settle(_container uuid, _part text, _device text, _slot integer, _members jsonb, _reservation uuid) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  target uuid;
BEGIN
  IF _slot IS NOT NULL AND _reservation IS NULL THEN
    SELECT p.id INTO target
    FROM device d JOIN position p ON p.device_id = d.id
    WHERE d.name = _device AND d.retired_at IS NULL AND p.slot_number = _slot AND p.retired_at IS NULL
      AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id)
      AND NOT EXISTS (SELECT FROM reserved_position rp WHERE rp.position_id = p.id);
  END IF;
  IF target IS NOT NULL THEN
    PERFORM put(_container, _part, target);
  ELSE
    target := choose_position(_device, _slot, _members, _reservation);
    PERFORM place(_container, _part, target, _members->>'position', _reservation);
  END IF;
  RETURN target;
END $$;

-- Moves a container. With _source_* given, it must be there; without _target_slot the lowest free slot is taken.
CREATE OR REPLACE FUNCTION move_container(
  _id uuid, _barcode text, _source_device text, _source_slot integer, _target_device text, _target_slot integer, _by jsonb, _reservation uuid
) RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  -- the lock, too: a move always changes something, or is undone with what it took
  this_revision bigint := next_revision();
  moved uuid := find_present_container(_id, _barcode);
  before jsonb := container_image(moved);
  after jsonb;
  target uuid;
BEGIN
  IF (_source_device IS NOT NULL AND before->>'device' IS DISTINCT FROM _source_device)
    OR (_source_slot IS NOT NULL AND (before->>'position')::integer IS DISTINCT FROM _source_slot) THEN
    IF _source_slot IS NULL THEN
      PERFORM find_device(_source_device, '/source_device');
    ELSIF _source_device IS NOT NULL THEN
      PERFORM find_position(_source_device, _source_slot, '{"device": "/source_device", "position": "/source_pos"}');
    END IF;
    PERFORM refuse('source-mismatch', jsonb_build_object(
      'expected', jsonb_build_object('device', _source_device, 'position', _source_slot),
      'actual', jsonb_build_object('device', before->'device', 'position', before->'position'),
      'container', jsonb_build_object('id', before->'id', 'barcode', before->'barcode')));
  END IF;
  target := settle(moved, 'body', _target_device, _target_slot,
    '{"device": "/target_device", "position": "/target_pos", "reservation": "/reservation_id"}', _reservation);
  after := before || changed_container(moved) || jsonb_build_object('device', _target_device,
    'position', coalesce(_target_slot, (SELECT slot_number FROM position WHERE id = target)));
  PERFORM record_container_change(this_revision, 0, 'moved', moved, before, after, _by);
  RETURN QUERY SELECT * FROM jsonb_populate_record(NULL::container_state, after);
END $$;

-- The lid is off and lies in a slot. For a container whose lid is off already, the lid is now there.
CREATE OR REPLACE FUNCTION unlid_container(_id uuid, _barcode text, _lid_device text, _lid_slot integer, _by jsonb, _reservation uuid)
RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  opened uuid;
  before jsonb;
  after jsonb;
  target uuid;
BEGIN
  PERFORM world_lock();
  opened := find_present_container(_id, _barcode);
  before := container_image(opened);
  IF before->'lid'->>'device' = _lid_device AND (before->'lid'->>'position')::integer = coalesce(_lid_slot, (before->'lid'->>'position')::integer) THEN
    RETURN QUERY SELECT * FROM jsonb_populate_record(NULL::container_state, before);
    RETURN;
  END IF;
  after := before || changed_container(opened, false);
  target := settle(opened, 'lid', _lid_device, _lid_slot, '{"device": "/lid_device", "position": "/lid_pos", "reservation": "/reservation_id"}', _reservation);
  after := after || jsonb_build_object('lid', jsonb_build_object('device', _lid_device,
    'position', coalesce(_lid_slot, (SELECT slot_number FROM position WHERE id = target))));
  PERFORM record_container_change(next_revision(), 0, 'unlidded', opened, before, after, _by);
  RETURN QUERY SELECT * FROM jsonb_populate_record(NULL::container_state, after);
END $$;
