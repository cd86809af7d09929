-- The commands that change the world, as functions: one call each, so that a move is one round trip.
--
-- Every command first takes the one row of `lab` (world_lock) and only then looks: commands are serial, looking before
-- acting is safe, and the loser of a race is told about a winner who is still there. Each statement in a VOLATILE
-- function sees a fresh snapshot, which is what makes the look after the lock true.
--
-- A refusal is raised with SQLSTATE PS409, the problem's code as message and its members as detail (JSON).
-- `_by` is { actor, request_id, reason }: who asked, for the log.

CREATE FUNCTION refuse(_code text, _members jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'PS409', MESSAGE = _code, DETAIL = _members::text;
END $$;

-- A time as the API writes it: UTC, milliseconds, Z.
CREATE FUNCTION wire_time(_at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT to_char(_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- ── Lock and log ────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION world_lock() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM lab WHERE id = 1 FOR NO KEY UPDATE;
END $$;

-- Takes the next revision. Call it once per command, when it is sure that something changes: the log has no gaps.
CREATE FUNCTION next_revision() RETURNS bigint LANGUAGE sql AS $$
  UPDATE lab SET revision = revision + 1, recorded_at = greatest(recorded_at, clock_timestamp()) WHERE id = 1 RETURNING revision
$$;

CREATE FUNCTION container_image(_container uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object(
    'removed_at', wire_time(s.removed_at), 'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
  FROM container_state s WHERE s.id = _container
$$;

CREATE FUNCTION device_image(_device uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(s) || jsonb_build_object(
    'retired_at', wire_time(s.retired_at), 'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
  FROM device_state s WHERE s.id = _device
$$;

CREATE FUNCTION record_container_event(
  _revision bigint, _ordinal integer, _kind text, _container uuid, _before jsonb, _by jsonb
) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, container_id, before, after)
  SELECT _revision, _ordinal, lab.recorded_at, _kind, _by->>'actor', _by->>'reason', _by->>'request_id', _container,
    _before, container_image(_container)
  FROM lab WHERE id = 1
$$;

-- ── Finding things ──────────────────────────────────────────────────────────────────────────────────────────────────

-- The container with this id, or the present one with this barcode; exactly one of the two is given.
CREATE FUNCTION find_container(_id uuid, _barcode text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid;
BEGIN
  IF _id IS NOT NULL THEN
    SELECT c.id INTO found_id FROM container c WHERE c.id = _id;
  ELSE
    SELECT c.id INTO found_id FROM container c WHERE c.barcode = _barcode AND c.removed_at IS NULL;
  END IF;
  IF found_id IS NULL THEN
    PERFORM refuse('container-not-found', jsonb_build_object('container', coalesce(_id::text, _barcode), 'parameter', 'container'));
  END IF;
  RETURN found_id;
END $$;

-- As find_container, and on the platform.
CREATE FUNCTION find_present_container(_id uuid, _barcode text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid := find_container(_id, _barcode);
  removed timestamptz;
BEGIN
  SELECT removed_at INTO removed FROM container WHERE id = found_id;
  IF removed IS NOT NULL THEN
    PERFORM refuse('container-removed', jsonb_build_object('container', found_id, 'removed_at', wire_time(removed)));
  END IF;
  RETURN found_id;
END $$;

CREATE FUNCTION find_device(_name text, _pointer text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid;
BEGIN
  SELECT id INTO found_id FROM device WHERE name = _name AND retired_at IS NULL;
  IF found_id IS NULL THEN
    PERFORM refuse('device-not-found', jsonb_build_object('device', _name, 'pointer', _pointer));
  END IF;
  RETURN found_id;
END $$;

-- The slot of a device by its number. _members is { device, position }: the JSON pointers of the two in the request.
CREATE FUNCTION find_position(_device text, _slot integer, _members jsonb) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  device_found uuid := find_device(_device, _members->>'device');
  found_id uuid;
BEGIN
  SELECT id INTO found_id FROM position WHERE device_id = device_found AND slot_number = _slot AND retired_at IS NULL;
  IF found_id IS NULL THEN
    PERFORM refuse('position-not-found', jsonb_build_object(
      'device', _device, 'position', _slot, 'pointer', _members->>'position', 'valid_range', valid_slots(device_found)));
  END IF;
  RETURN found_id;
END $$;

CREATE FUNCTION valid_slots(_device uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN count(*) > 0 THEN jsonb_build_object('minimum', min(slot_number), 'maximum', max(slot_number)) END
  FROM position WHERE device_id = _device AND retired_at IS NULL
$$;

-- The slot asked for, or the lowest one where nothing is.
CREATE FUNCTION choose_position(_device text, _slot integer, _members jsonb) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  device_found uuid;
  found_id uuid;
BEGIN
  IF _slot IS NOT NULL THEN
    RETURN find_position(_device, _slot, _members);
  END IF;
  device_found := find_device(_device, _members->>'device');
  SELECT p.id INTO found_id
  FROM position p
  WHERE p.device_id = device_found AND p.retired_at IS NULL
    AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id)
  ORDER BY p.slot_number LIMIT 1;
  IF found_id IS NULL THEN
    PERFORM refuse('no-free-position', jsonb_build_object(
      'device', _device, 'pointer', _members->>'device',
      'positions', (SELECT count(*) FROM position WHERE device_id = device_found AND retired_at IS NULL)));
  END IF;
  RETURN found_id;
END $$;

-- What is in a slot, as a problem tells it; null when nothing is.
CREATE FUNCTION occupant_of(_position uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'id', c.id, 'barcode', c.barcode, 'name', c.name,
    'part', CASE pl.part WHEN 'body' THEN 'container' ELSE 'lid' END, 'since', wire_time(pl.since))
  FROM placement pl JOIN container c ON c.id = pl.container_id WHERE pl.position_id = _position
$$;

CREATE FUNCTION refuse_occupied(_position uuid, _pointer text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refuse('position-occupied', (
    SELECT jsonb_build_object(
      'device', d.name, 'position', p.slot_number, 'pointer', _pointer, 'occupant', occupant_of(p.id))
    FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = _position));
END $$;

-- Puts a container's body or lid into a slot, from wherever that part is now. Refuses a slot where another thing is;
-- looking first is safe under the lock, and the primary key holds against whoever does not take it.
CREATE FUNCTION place(_container uuid, _part text, _position uuid, _pointer text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM placement WHERE position_id = _position AND NOT (container_id = _container AND part = _part);
  IF FOUND THEN
    PERFORM refuse_occupied(_position, _pointer);
  END IF;
  INSERT INTO placement (position_id, container_id, part, since)
  VALUES (_position, _container, _part, clock_timestamp())
  ON CONFLICT ON CONSTRAINT placement_container_part_key
  DO UPDATE SET position_id = excluded.position_id, since = excluded.since
  WHERE placement.position_id <> excluded.position_id;
END $$;

CREATE FUNCTION touch_container(_container uuid) RETURNS void LANGUAGE sql AS $$
  UPDATE container SET version = version + 1, updated_at = clock_timestamp() WHERE id = _container
$$;

-- ── Commands ────────────────────────────────────────────────────────────────────────────────────────────────────────

-- A plate appears on the platform. _wish has the members of the request plus id, name and created_as; see ContainerCreate.
-- Returns the container's id and what became of the wish: created, repeated (the same id and body before) or adopted.
CREATE FUNCTION add_container(_wish jsonb, _revision bigint, _ordinal integer, _base text, _by jsonb, OUT id uuid, OUT outcome text)
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
    jsonb_build_object('device', _base || '/device', 'position', _base || '/position'));
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
  PERFORM place(wanted_id, 'body', target, _base || '/position');
  IF _wish->'lid' IS NOT NULL AND jsonb_typeof(_wish->'lid') = 'object' THEN
    PERFORM place(wanted_id, 'lid',
      choose_position(_wish->'lid'->>'device', (_wish->'lid'->>'position')::integer,
        jsonb_build_object('device', _base || '/lid/device', 'position', _base || '/lid/position')),
      _base || '/lid/position');
  END IF;
  PERFORM record_container_event(_revision, _ordinal, 'added', wanted_id, NULL, _by);
  id := wanted_id; outcome := 'created';
END $$;

-- Adds containers in order, all or none. A refusal of a batch carries the index of the wish that caused it.
CREATE FUNCTION add_containers(_wishes jsonb, _batch boolean, _by jsonb) RETURNS TABLE (outcome text, container container_state)
LANGUAGE plpgsql AS $$
DECLARE
  wish jsonb;
  index integer := 0;
  added uuid;
  recorded integer := 0;
  revision bigint;
  code text;
  members text;
BEGIN
  PERFORM world_lock();
  -- taken before it is known whether anything changes; given back below when nothing did
  revision := next_revision();
  FOR wish IN SELECT value FROM jsonb_array_elements(_wishes) LOOP
    BEGIN
      SELECT a.id, a.outcome INTO added, outcome
      FROM add_container(wish, revision, recorded, CASE WHEN _batch THEN '/containers/' || index ELSE '' END, _by) a;
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      PERFORM refuse(code, CASE WHEN _batch THEN members::jsonb || jsonb_build_object('index', index) ELSE members::jsonb END);
    END;
    IF outcome = 'created' THEN
      recorded := recorded + 1;
    END IF;
    SELECT s.* INTO container FROM container_state s WHERE s.id = added;
    index := index + 1;
    RETURN NEXT;
  END LOOP;
  IF recorded = 0 THEN
    UPDATE lab SET revision = lab.revision - 1 WHERE lab.id = 1;
  END IF;
END $$;

-- Moves a container. With _source_* given, it must be there; without _target_slot the lowest free slot is taken.
CREATE FUNCTION move_container(
  _id uuid, _barcode text, _source_device text, _source_slot integer, _target_device text, _target_slot integer, _by jsonb
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
  PERFORM place(moved, 'body', choose_position(_target_device, _target_slot, '{"device": "/target_device", "position": "/target_pos"}'),
    '/target_pos');
  PERFORM touch_container(moved);
  PERFORM record_container_event(next_revision(), 0, 'moved', moved, before, _by);
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = moved;
END $$;

-- Moves what stands at a place: the container, or the lid where only a lid lies. A given barcode must be the container's.
CREATE FUNCTION move_from_position(
  _source_device text, _source_slot integer, _target_device text, _target_slot integer, _barcode text, _by jsonb
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
  PERFORM place(what.container_id, what.part,
    choose_position(_target_device, _target_slot, '{"device": "/target_device", "position": "/target_pos"}'), '/target_pos');
  PERFORM touch_container(what.container_id);
  PERFORM record_container_event(next_revision(), 0, CASE what.part WHEN 'body' THEN 'moved' ELSE 'unlidded' END,
    what.container_id, before, _by);
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = what.container_id;
END $$;

-- The lid is off and lies in a slot. For a container whose lid is off already, the lid is now there.
CREATE FUNCTION unlid_container(_id uuid, _barcode text, _lid_device text, _lid_slot integer, _by jsonb)
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
  PERFORM place(opened, 'lid', choose_position(_lid_device, _lid_slot, '{"device": "/lid_device", "position": "/lid_pos"}'), '/lid_pos');
  PERFORM record_container_event(next_revision(), 0, 'unlidded', opened, before, _by);
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = opened;
END $$;

-- The lid is on again. Where it was taken from is verified when told; a container with its lid on stays as it is.
CREATE FUNCTION lid_container(_id uuid, _barcode text, _lid_device text, _lid_slot integer, _by jsonb)
RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  closed uuid;
  before jsonb;
BEGIN
  PERFORM world_lock();
  closed := find_present_container(_id, _barcode);
  before := container_image(closed);
  IF (before->>'lidded')::boolean THEN
    RETURN QUERY SELECT * FROM container_state s WHERE s.id = closed;
    RETURN;
  END IF;
  IF _lid_device IS NOT NULL THEN
    IF _lid_slot IS NULL THEN
      PERFORM find_device(_lid_device, '/lid_device');
    ELSE
      PERFORM find_position(_lid_device, _lid_slot, '{"device": "/lid_device", "position": "/lid_pos"}');
    END IF;
  END IF;
  -- a lid whose place was never told contradicts nothing
  IF before->'lid'->>'device' <> _lid_device OR (before->'lid'->>'position')::integer <> _lid_slot THEN
    PERFORM refuse('lid-mismatch', jsonb_build_object(
      'expected', jsonb_build_object('device', _lid_device, 'position', _lid_slot),
      'actual', before->'lid',
      'container', jsonb_build_object('id', before->'id', 'barcode', before->'barcode')));
  END IF;
  DELETE FROM placement WHERE container_id = closed AND part = 'lid';
  UPDATE container SET lidded = true, version = version + 1, updated_at = clock_timestamp() WHERE id = closed;
  PERFORM record_container_event(next_revision(), 0, 'lidded', closed, before, _by);
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = closed;
END $$;

-- Off the platform: its slot, its lid's slot and its barcode are free again. Repeated by id: nothing more happens.
CREATE FUNCTION remove_container(_id uuid, _barcode text, _by jsonb) RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  gone uuid;
  before jsonb;
BEGIN
  PERFORM world_lock();
  gone := find_container(_id, _barcode);
  before := container_image(gone);
  IF before->>'removed_at' IS NULL THEN
    DELETE FROM placement WHERE container_id = gone;
    UPDATE container SET removed_at = clock_timestamp(), version = version + 1, updated_at = clock_timestamp() WHERE id = gone;
    PERFORM record_container_event(next_revision(), 0, 'removed', gone, before, _by);
  END IF;
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = gone;
END $$;

-- Changes what is known of a container, not where it is. _changes has the members to change; null clears.
CREATE FUNCTION update_container(_id uuid, _barcode text, _changes jsonb, _by jsonb)
RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  changed uuid;
  before jsonb;
  holder jsonb;
BEGIN
  PERFORM world_lock();
  changed := find_present_container(_id, _barcode);
  before := container_image(changed);
  IF before @> _changes THEN
    RETURN QUERY SELECT * FROM container_state s WHERE s.id = changed;
    RETURN;
  END IF;
  IF _changes->>'barcode' IS NOT NULL THEN
    SELECT jsonb_build_object('id', s.id, 'barcode', s.barcode, 'name', s.name, 'device', s.device, 'position', s.position)
    INTO holder FROM container_state s
    WHERE s.barcode = _changes->>'barcode' AND s.removed_at IS NULL AND s.id <> changed;
    IF FOUND THEN
      PERFORM refuse('barcode-in-use', jsonb_build_object(
        'barcode', _changes->>'barcode', 'pointer', '/barcode', 'holder', holder));
    END IF;
  END IF;
  UPDATE container c SET
    barcode = CASE WHEN _changes ? 'barcode' THEN _changes->>'barcode' ELSE c.barcode END,
    name = CASE WHEN _changes ? 'name' THEN _changes->>'name' ELSE c.name END,
    filled = CASE WHEN _changes ? 'filled' THEN (_changes->>'filled')::boolean ELSE c.filled END,
    content = CASE WHEN _changes ? 'content' THEN _changes->>'content' ELSE c.content END,
    labware_type = CASE WHEN _changes ? 'labware_type' THEN _changes->>'labware_type' ELSE c.labware_type END,
    labware_uuid = CASE WHEN _changes ? 'labware_uuid' THEN (_changes->>'labware_uuid')::uuid ELSE c.labware_uuid END,
    is_reagent = CASE WHEN _changes ? 'is_reagent' THEN (_changes->>'is_reagent')::boolean ELSE c.is_reagent END,
    version = c.version + 1, updated_at = clock_timestamp()
  WHERE c.id = changed;
  PERFORM record_container_event(next_revision(), 0,
    CASE WHEN before->'barcode' IS DISTINCT FROM coalesce(_changes->'barcode', before->'barcode') THEN 'barcode-set' ELSE 'updated' END,
    changed, before, _by);
  RETURN QUERY SELECT * FROM container_state s WHERE s.id = changed;
END $$;
