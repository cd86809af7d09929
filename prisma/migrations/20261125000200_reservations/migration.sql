-- Slots that are promised: whoever asks for a place gets it, and finds it free when the robot arrives. A reservation is no
-- thing in a slot and no rule of the physical world, but a promise with an end: it is kept by the one function through which
-- everything is placed.

ALTER TABLE position
  -- how often something was put there
  ADD COLUMN uses integer NOT NULL DEFAULT 0;

-- the log knows how often it was until now
UPDATE position p SET uses = known.uses
FROM (
  SELECT part.came, count(*) AS uses
  FROM (
    SELECT position_id, lag(position_id) OVER of_container AS position_before, lid_position_id, lag(lid_position_id) OVER of_container AS lid_before
    FROM event WHERE container_id IS NOT NULL WINDOW of_container AS (PARTITION BY container_id ORDER BY revision, ordinal)
  ) e
  CROSS JOIN LATERAL (VALUES (position_id, position_before), (lid_position_id, lid_before)) AS part (came, was)
  WHERE part.came IS DISTINCT FROM part.was GROUP BY part.came
) known
WHERE p.id = known.came;

CREATE TABLE reservation (
  id uuid NOT NULL,
  purpose text NOT NULL,
  owner text NOT NULL,
  ttl_seconds double precision NOT NULL,
  -- by the database's clock, which all instances share
  expires_at timestamptz(3) NOT NULL,
  created_as text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT reservation_pkey PRIMARY KEY (id),
  CONSTRAINT reservation_purpose_known CHECK (purpose IN ('container', 'lid')),
  CONSTRAINT reservation_ttl_positive CHECK (ttl_seconds > 0)
);
CREATE INDEX reservation_owner_idx ON reservation (owner, id);

-- The slots of a reservation that were not used yet. One promise per slot.
CREATE TABLE reserved_position (
  position_id uuid NOT NULL,
  reservation_id uuid NOT NULL,
  CONSTRAINT reserved_position_pkey PRIMARY KEY (position_id),
  CONSTRAINT reserved_position_position_fkey FOREIGN KEY (position_id) REFERENCES position (id) ON DELETE RESTRICT,
  CONSTRAINT reserved_position_reservation_fkey FOREIGN KEY (reservation_id) REFERENCES reservation (id) ON DELETE RESTRICT
);
CREATE INDEX reserved_position_reservation_idx ON reserved_position (reservation_id);

-- The promises that hold now, by slot.
CREATE VIEW promise AS
SELECT rp.position_id, r.id, r.owner, r.purpose, r.expires_at
FROM reserved_position rp JOIN reservation r ON r.id = rp.reservation_id
WHERE r.expires_at > clock_timestamp();

CREATE VIEW reservation_state AS
SELECT r.id, r.purpose, r.owner,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('device', d.name, 'position', p.slot_number) ORDER BY d.name, p.slot_number), '[]')
   FROM reserved_position rp JOIN position p ON p.id = rp.position_id JOIN device d ON d.id = p.device_id
   WHERE rp.reservation_id = r.id) AS positions,
  r.ttl_seconds, r.expires_at, r.created_at, r.updated_at, r.version
FROM reservation r
WHERE r.expires_at > clock_timestamp();

CREATE OR REPLACE VIEW position_state AS
SELECT
  p.id, p.device_id, d.name AS device, p.slot_number AS position,
  pl.position_id IS NULL AS empty,
  CASE WHEN pl.part = 'body' THEN c.barcode END AS container,
  c.id AS container_id,
  CASE pl.part WHEN 'body' THEN 'container' WHEN 'lid' THEN 'lid' END AS occupied_by,
  p.deep_well_suited,
  (SELECT jsonb_build_object('id', r.id, 'owner', r.owner, 'expires_at', wire_time(r.expires_at))
   FROM promise r WHERE r.position_id = p.id) AS reserved
FROM position p
JOIN device d ON d.id = p.device_id
LEFT JOIN placement pl ON pl.position_id = p.id
LEFT JOIN container c ON c.id = pl.container_id
WHERE p.retired_at IS NULL AND d.retired_at IS NULL;

-- ── Keeping promises ────────────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION reservation_image(_reservation uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object('expires_at', wire_time(s.expires_at),
    'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
  FROM reservation_state s WHERE s.id = _reservation
$$;

CREATE FUNCTION refuse_unknown_reservation(_reservation uuid, _member jsonb) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  PERFORM 1 FROM reservation WHERE id = _reservation AND expires_at > clock_timestamp();
  IF NOT FOUND THEN
    PERFORM refuse('reservation-not-found', jsonb_build_object('reservation_id', _reservation) || _member);
  END IF;
END $$;

-- The reservation is not for what it was named for. It may have ended since the command began to look.
CREATE FUNCTION refuse_other_reservation(_reservation uuid, _place jsonb) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  named jsonb;
BEGIN
  SELECT jsonb_build_object('id', s.id, 'purpose', s.purpose, 'positions', s.positions) INTO named FROM reservation_state s WHERE s.id = _reservation;
  IF named IS NULL THEN
    PERFORM refuse('reservation-not-found', jsonb_build_object('reservation_id', _reservation));
  END IF;
  PERFORM refuse('reservation-mismatch', _place || jsonb_build_object('reservation', named));
END $$;

-- Slots are taken out of their reservations; one without slots is over.
CREATE FUNCTION use_up(_positions uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  touched uuid[];
BEGIN
  WITH used AS (DELETE FROM reserved_position WHERE position_id = ANY (_positions) RETURNING reservation_id)
  SELECT array_agg(DISTINCT reservation_id) INTO touched FROM used;
  DELETE FROM reservation r WHERE r.id = ANY (touched) AND NOT EXISTS (SELECT FROM reserved_position rp WHERE rp.reservation_id = r.id);
END $$;

-- A slot that the lab has no more is promised to nobody.
CREATE FUNCTION drop_promises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM use_up(ARRAY[NEW.id]);
  RETURN NULL;
END $$;
CREATE TRIGGER position_retired_drops_promises AFTER UPDATE OF retired_at ON position
  FOR EACH ROW WHEN (NEW.retired_at IS NOT NULL AND OLD.retired_at IS NULL) EXECUTE FUNCTION drop_promises();

-- Refuses a slot that is promised to another, or that is not in the reservation named. _pointer is that of the slot's
-- member in the request, beside which the reservation stands.
CREATE FUNCTION keep_promise(_position uuid, _part text, _reservation uuid, _pointer text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held promise;
  place jsonb;
BEGIN
  SELECT * INTO held FROM promise WHERE position_id = _position;
  IF held.id IS NULL AND _reservation IS NULL THEN
    RETURN;
  END IF;
  IF held.id = _reservation AND held.purpose = (CASE _part WHEN 'body' THEN 'container' ELSE 'lid' END) THEN
    PERFORM use_up(ARRAY[_position]);
    RETURN;
  END IF;
  SELECT jsonb_build_object('device', d.name, 'position', p.slot_number, 'pointer', _pointer) INTO place
  FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = _position;
  IF _reservation IS NULL THEN
    PERFORM refuse('position-reserved', place || jsonb_build_object('reserved',
      jsonb_build_object('id', held.id, 'owner', held.owner, 'expires_at', wire_time(held.expires_at))));
  END IF;
  PERFORM refuse_other_reservation(_reservation, place);
END $$;

DROP FUNCTION place(uuid, text, uuid, text);
-- Puts a container's body or lid into a slot, from wherever that part is now. Refuses a slot where another thing is, or
-- that is promised to another; looking first is safe under the lock, and the primary key holds against whoever does not take it.
CREATE FUNCTION place(_container uuid, _part text, _position uuid, _pointer text, _reservation uuid DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  there placement;
BEGIN
  SELECT * INTO there FROM placement WHERE position_id = _position;
  IF there.container_id = _container AND there.part = _part THEN
    RETURN;
  ELSIF there.container_id IS NOT NULL THEN
    PERFORM refuse_occupied(_position, _pointer);
  END IF;
  PERFORM keep_promise(_position, _part, _reservation, _pointer);
  PERFORM put(_container, _part, _position);
END $$;

-- Puts it there, whatever was promised; what is in the way breaks the primary key.
CREATE FUNCTION put(_container uuid, _part text, _position uuid) RETURNS void LANGUAGE sql AS $$
  INSERT INTO placement (position_id, container_id, part, since)
  VALUES (_position, _container, _part, clock_timestamp())
  ON CONFLICT ON CONSTRAINT placement_container_part_key
  DO UPDATE SET position_id = excluded.position_id, since = excluded.since;
  UPDATE position SET uses = uses + 1 WHERE id = _position;
$$;

-- The device has no slot to choose: none of the reservation, or none that is free.
CREATE FUNCTION refuse_no_slot(_device uuid, _members jsonb, _reservation uuid) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
  place jsonb;
BEGIN
  SELECT jsonb_build_object('device', name, 'pointer', _members->'device') INTO place FROM device WHERE id = _device;
  IF _reservation IS NOT NULL THEN
    PERFORM refuse_other_reservation(_reservation, place);
  END IF;
  PERFORM refuse('no-free-position', place || jsonb_build_object(
    'positions', (SELECT count(*) FROM position WHERE device_id = _device AND retired_at IS NULL),
    'reserved', (SELECT count(*) FROM promise r JOIN position p ON p.id = r.position_id
      WHERE p.device_id = _device AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id))));
END $$;

DROP FUNCTION choose_position(text, integer, jsonb);
-- The slot asked for; else the lowest one that the reservation holds; else the lowest one where nothing is and that is
-- promised to nobody. _members is { device, position, reservation }: the JSON pointers of the three in the request.
CREATE FUNCTION choose_position(_device text, _slot integer, _members jsonb, _reservation uuid DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql STABLE AS $$
DECLARE
  device_found uuid;
  found_id uuid;
BEGIN
  IF _reservation IS NOT NULL THEN
    PERFORM refuse_unknown_reservation(_reservation, jsonb_build_object('pointer', _members->'reservation'));
  END IF;
  IF _slot IS NOT NULL THEN
    RETURN find_position(_device, _slot, _members);
  END IF;
  device_found := find_device(_device, _members->>'device');
  SELECT p.id INTO found_id
  FROM position p
  WHERE p.device_id = device_found AND p.retired_at IS NULL
    AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id)
    AND (SELECT r.id FROM promise r WHERE r.position_id = p.id) IS NOT DISTINCT FROM _reservation
  ORDER BY p.slot_number LIMIT 1;
  IF found_id IS NULL THEN
    PERFORM refuse_no_slot(device_found, _members, _reservation);
  END IF;
  RETURN found_id;
END $$;

-- As above, and puts it there.
CREATE FUNCTION place_at(_container uuid, _part text, _device text, _slot integer, _members jsonb, _reservation uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM place(_container, _part, choose_position(_device, _slot, _members, _reservation), _members->>'position', _reservation);
END $$;

-- ── The commands that place something take a reservation ────────────────────────────────────────────────────────────

-- A plate appears on the platform. _wish has the members of the request plus id, name and created_as; see ContainerCreate.
-- Returns the container's id and what became of the wish: created, repeated (the same id and body before) or adopted.
CREATE OR REPLACE FUNCTION add_container(_wish jsonb, _revision bigint, _ordinal integer, _base text, _by jsonb, OUT id uuid, OUT outcome text)
LANGUAGE plpgsql AS $$
DECLARE
  wanted_id uuid := (_wish->>'id')::uuid;
  target uuid;
  holder jsonb;
  known text;
BEGIN
  SELECT c.created_as INTO known FROM container c WHERE c.id = wanted_id;
  IF FOUND THEN
    IF known IS DISTINCT FROM _wish->>'created_as' THEN
      PERFORM refuse('id-in-use', jsonb_build_object('id', wanted_id, 'pointer', _base || '/id'));
    END IF;
    id := wanted_id; outcome := 'repeated';
    RETURN;
  END IF;

  target := choose_position(_wish->>'device', (_wish->>'position')::integer,
    jsonb_build_object('device', _base || '/device', 'position', _base || '/position', 'reservation', _base || '/reservation_id'),
    (_wish->>'reservation_id')::uuid);
  IF _wish->>'if_occupied' = 'adopt' THEN
    SELECT pl.container_id INTO id FROM placement pl WHERE pl.position_id = target AND pl.part = 'body';
    IF FOUND THEN
      outcome := 'adopted';
      RETURN;
    END IF;
  END IF;

  SELECT jsonb_build_object('id', s.id, 'barcode', s.barcode, 'name', s.name, 'device', s.device, 'position', s.position)
  INTO holder FROM container_state s WHERE s.barcode = _wish->>'barcode' AND s.removed_at IS NULL;
  IF FOUND THEN
    PERFORM refuse('barcode-in-use', jsonb_build_object(
      'barcode', _wish->>'barcode', 'pointer', _base || '/barcode', 'holder', holder));
  END IF;

  INSERT INTO container (id, name, barcode, labware_type, labware_uuid, content, filled, is_reagent, lidded,
    starting_position_id, created_as)
  VALUES (wanted_id, _wish->>'name', _wish->>'barcode', _wish->>'labware_type', (_wish->>'labware_uuid')::uuid, _wish->>'content',
    coalesce((_wish->>'filled')::boolean, true), coalesce((_wish->>'is_reagent')::boolean, false),
    coalesce((_wish->>'lidded')::boolean, false), target, _wish->>'created_as');
  PERFORM place(wanted_id, 'body', target, _base || '/position', (_wish->>'reservation_id')::uuid);
  IF _wish->'lid' IS NOT NULL AND jsonb_typeof(_wish->'lid') = 'object' THEN
    PERFORM place_at(wanted_id, 'lid', _wish->'lid'->>'device', (_wish->'lid'->>'position')::integer,
      jsonb_build_object('device', _base || '/lid/device', 'position', _base || '/lid/position', 'reservation', _base || '/lid_reservation_id'),
      (_wish->>'lid_reservation_id')::uuid);
  END IF;
  PERFORM record_container_event(_revision, _ordinal, 'added', wanted_id, NULL, _by);
  id := wanted_id; outcome := 'created';
END $$;

DROP FUNCTION move_container(uuid, text, text, integer, text, integer, jsonb);
-- Moves a container. With _source_* given, it must be there; without _target_slot the lowest free slot is taken.
CREATE FUNCTION move_container(
  _id uuid, _barcode text, _source_device text, _source_slot integer, _target_device text, _target_slot integer, _by jsonb, _reservation uuid
) RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  moved uuid;
  before jsonb;
BEGIN
  PERFORM world_lock();
  moved := find_present_container(_id, _barcode);
  before := container_image(moved);
  IF _source_device IS NOT NULL THEN
    IF _source_slot IS NULL THEN
      PERFORM find_device(_source_device, '/source_device');
    ELSE
      PERFORM find_position(_source_device, _source_slot, '{"device": "/source_device", "position": "/source_pos"}');
    END IF;
  END IF;
  IF (_source_device IS NOT NULL AND before->>'device' IS DISTINCT FROM _source_device)
    OR (_source_slot IS NOT NULL AND (before->>'position')::integer IS DISTINCT FROM _source_slot) THEN
    PERFORM refuse('source-mismatch', jsonb_build_object(
      'expected', jsonb_build_object('device', _source_device, 'position', _source_slot),
      'actual', jsonb_build_object('device', before->'device', 'position', before->'position'),
      'container', jsonb_build_object('id', before->'id', 'barcode', before->'barcode')));
  END IF;
  PERFORM place_at(moved, 'body', _target_device, _target_slot,
    '{"device": "/target_device", "position": "/target_pos", "reservation": "/reservation_id"}', _reservation);
  PERFORM touch_container(moved);
  PERFORM record_container_event(next_revision(), 0, 'moved', moved, before, _by);
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = moved;
END $$;

DROP FUNCTION move_from_position(text, integer, text, integer, text, jsonb);
-- Moves what stands at a place: the container, or the lid where only a lid lies. A given barcode must be the container's.
CREATE FUNCTION move_from_position(
  _source_device text, _source_slot integer, _target_device text, _target_slot integer, _barcode text, _by jsonb, _reservation uuid
) RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  source uuid;
  what record;
  before jsonb;
BEGIN
  PERFORM world_lock();
  source := find_position(_source_device, _source_slot, '{"device": "/source_device", "position": "/source_pos"}');
  SELECT pl.container_id, pl.part INTO what FROM placement pl WHERE pl.position_id = source;
  IF NOT FOUND THEN
    PERFORM refuse('source-empty', jsonb_build_object('device', _source_device, 'position', _source_slot, 'pointer', '/source_pos'));
  END IF;
  before := container_image(what.container_id);
  IF _barcode IS NOT NULL AND before->>'barcode' IS DISTINCT FROM _barcode THEN
    PERFORM refuse('source-mismatch', jsonb_build_object(
      'expected', jsonb_build_object('device', _source_device, 'position', _source_slot, 'barcode', _barcode),
      'actual', (SELECT jsonb_build_object('device', s.device, 'position', s.position)
        FROM container_state s WHERE s.barcode = _barcode AND s.removed_at IS NULL),
      'container', jsonb_build_object('id', before->'id', 'barcode', before->'barcode'),
      'pointer', '/barcode'));
  END IF;
  PERFORM place_at(what.container_id, what.part, _target_device, _target_slot,
    '{"device": "/target_device", "position": "/target_pos", "reservation": "/reservation_id"}', _reservation);
  PERFORM touch_container(what.container_id);
  PERFORM record_container_event(next_revision(), 0, CASE what.part WHEN 'body' THEN 'moved' ELSE 'unlidded' END,
    what.container_id, before, _by);
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = what.container_id;
END $$;

DROP FUNCTION unlid_container(uuid, text, text, integer, jsonb);
-- The lid is off and lies in a slot. For a container whose lid is off already, the lid is now there.
CREATE FUNCTION unlid_container(_id uuid, _barcode text, _lid_device text, _lid_slot integer, _by jsonb, _reservation uuid)
RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  opened uuid;
  before jsonb;
BEGIN
  PERFORM world_lock();
  opened := find_present_container(_id, _barcode);
  before := container_image(opened);
  IF before->'lid'->>'device' = _lid_device AND (before->'lid'->>'position')::integer = coalesce(_lid_slot, (before->'lid'->>'position')::integer) THEN
    RETURN QUERY SELECT * FROM container_state s WHERE s.id = opened;
    RETURN;
  END IF;
  UPDATE container SET lidded = false, version = version + 1, updated_at = clock_timestamp() WHERE id = opened;
  PERFORM place_at(opened, 'lid', _lid_device, _lid_slot,
    '{"device": "/lid_device", "position": "/lid_pos", "reservation": "/reservation_id"}', _reservation);
  PERFORM record_container_event(next_revision(), 0, 'unlidded', opened, before, _by);
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = opened;
END $$;

-- ── Asking for places ───────────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION record_reservation_event(_kind text, _device uuid, _before jsonb, _after jsonb, _by jsonb) RETURNS void LANGUAGE sql AS $$
  SELECT next_revision();
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, device_id, before, after)
  SELECT l.revision, 0, l.recorded_at, _kind, _by->>'actor', _by->>'reason', _by->>'request_id', _device, _before, _after FROM lab l
$$;

-- The device of a reservation's first slot, under which the log has it.
CREATE FUNCTION reservation_device(_reservation uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT p.device_id FROM reserved_position rp JOIN position p ON p.id = rp.position_id JOIN device d ON d.id = p.device_id
  WHERE rp.reservation_id = _reservation ORDER BY d.name, p.slot_number LIMIT 1
$$;

-- The free slots that a wish may have, best first and in blocks of _block neighbours: "first" in the order of the lab, "last"
-- against it, "least_used" the ones where least was put.
CREATE FUNCTION free_blocks(_device uuid, _type text, _deep_well boolean, _strategy text, _block integer) RETURNS TABLE (positions uuid[])
LANGUAGE sql STABLE AS $$
  WITH free AS (
    SELECT p.id, p.device_id, p.slot_number, p.uses, g.ordinal AS group_ordinal, d."group", d.ordinal, d.name,
      p.slot_number - row_number() OVER (PARTITION BY p.device_id ORDER BY p.slot_number) AS island
    FROM position p JOIN device d ON d.id = p.device_id JOIN device_group g ON g.name = d."group"
    WHERE p.retired_at IS NULL AND d.retired_at IS NULL AND d.listed
      AND (_device IS NULL OR d.id = _device) AND (_type IS NULL OR d.type = _type)
      AND (p.deep_well_suited OR NOT coalesce(_deep_well, false))
      AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id)
      AND NOT EXISTS (SELECT FROM promise r WHERE r.position_id = p.id)
  ),
  block AS (
    SELECT free.*, array_agg(id) OVER ahead AS positions, sum(uses) OVER ahead AS block_uses, max(slot_number) OVER ahead AS last_slot
    FROM free WINDOW ahead AS (PARTITION BY device_id, island ORDER BY slot_number ROWS BETWEEN CURRENT ROW AND (_block - 1) FOLLOWING)
  ),
  ranked AS (
    SELECT positions, block_uses, row_number() OVER (ORDER BY group_ordinal, "group", ordinal, name, slot_number) AS in_lab
    FROM block WHERE cardinality(positions) = _block
  )
  SELECT positions FROM ranked
  ORDER BY CASE _strategy WHEN 'least_used' THEN block_uses END, CASE _strategy WHEN 'last' THEN -in_lab ELSE in_lab END
$$;

-- _wish has the members of the request plus id and created_as; see ReservationCreate. The outcome is created, or repeated.
CREATE FUNCTION reserve(_wish jsonb, _by jsonb) RETURNS TABLE (outcome text, reservation reservation_state) LANGUAGE plpgsql AS $$
DECLARE
  wanted uuid := (_wish->>'id')::uuid;
  count integer := coalesce((_wish->>'count')::integer, 1);
  ttl double precision := (_wish->>'ttl_seconds')::double precision;
  block integer := CASE WHEN coalesce((_wish->>'consecutive')::boolean, false) THEN count ELSE 1 END;
  deep_well boolean := (_wish->>'deep_well')::boolean;
  strategy text := coalesce(_wish->>'strategy', 'first');
  device uuid;
  chosen uuid[];
  known text;
BEGIN
  PERFORM world_lock();
  PERFORM use_up(ARRAY(SELECT rp.position_id FROM reserved_position rp JOIN reservation r ON r.id = rp.reservation_id WHERE r.expires_at <= clock_timestamp()));
  SELECT r.created_as INTO known FROM reservation r WHERE r.id = wanted;
  IF FOUND THEN
    IF known <> _wish->>'created_as' THEN
      PERFORM refuse('id-in-use', jsonb_build_object('id', wanted, 'pointer', '/id'));
    END IF;
    RETURN QUERY SELECT 'repeated', s FROM reservation_state s WHERE s.id = wanted;
    IF FOUND THEN
      RETURN;
    END IF;
    -- it ended this moment: asked for anew
    PERFORM use_up(ARRAY(SELECT position_id FROM reserved_position WHERE reservation_id = wanted));
  END IF;

  IF _wish->>'device' IS NOT NULL THEN
    device := find_device(_wish->>'device', '/device');
  ELSE
    PERFORM 1 FROM device d WHERE d.type = _wish->>'type' AND d.listed AND d.retired_at IS NULL;
    IF NOT FOUND THEN
      PERFORM refuse('device-not-found', jsonb_build_object('type', _wish->'type', 'pointer', '/type'));
    END IF;
  END IF;
  SELECT array_agg(position_id) INTO chosen
  FROM (
    SELECT unnest(b.positions) AS position_id FROM free_blocks(device, _wish->>'type', deep_well, strategy, block) b LIMIT count
  ) best;
  IF coalesce(cardinality(chosen), 0) < count THEN
    PERFORM refuse('no-free-position', jsonb_strip_nulls(jsonb_build_object(
      'device', _wish->'device', 'type', _wish->'type', 'pointer', CASE WHEN device IS NULL THEN '/type' ELSE '/device' END, 'wanted', count,
      'free', (SELECT count(*) FROM free_blocks(device, _wish->>'type', deep_well, strategy, 1)))));
  END IF;

  INSERT INTO reservation (id, purpose, owner, ttl_seconds, expires_at, created_as)
  VALUES (wanted, _wish->>'purpose', _wish->>'owner', ttl, clock_timestamp() + ttl * interval '1 second', _wish->>'created_as');
  INSERT INTO reserved_position (position_id, reservation_id) SELECT position_id, wanted FROM unnest(chosen) AS position_id;
  PERFORM record_reservation_event('position-reserved', reservation_device(wanted), NULL, reservation_image(wanted), _by);
  RETURN QUERY SELECT 'created', s FROM reservation_state s WHERE s.id = wanted;
END $$;

-- Counts the time to live anew, from now.
CREATE FUNCTION renew_reservation(_id uuid, _ttl_seconds double precision, _by jsonb) RETURNS SETOF reservation_state LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
BEGIN
  PERFORM world_lock();
  PERFORM refuse_unknown_reservation(_id, '{"parameter": "id"}');
  before := reservation_image(_id);
  UPDATE reservation r SET ttl_seconds = coalesce(_ttl_seconds, r.ttl_seconds),
    expires_at = clock_timestamp() + coalesce(_ttl_seconds, r.ttl_seconds) * interval '1 second',
    version = r.version + 1, updated_at = clock_timestamp()
  WHERE r.id = _id;
  PERFORM record_reservation_event('reservation-renewed', reservation_device(_id), before, reservation_image(_id), _by);
  RETURN QUERY SELECT * FROM reservation_state s WHERE s.id = _id;
END $$;

CREATE FUNCTION release_reservation(_id uuid, _by jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
  device uuid := reservation_device(_id);
BEGIN
  PERFORM world_lock();
  PERFORM refuse_unknown_reservation(_id, '{"parameter": "id"}');
  before := reservation_image(_id);
  PERFORM use_up(ARRAY(SELECT position_id FROM reserved_position WHERE reservation_id = _id));
  PERFORM record_reservation_event('reservation-released', device, before, NULL, _by);
END $$;
