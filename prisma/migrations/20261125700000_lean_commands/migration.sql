-- The hot commands look less often; what they promise is unchanged. Measured by `npm run bench` (bench/README.md).
--
-- A function in SQL that reads tables is planned anew whenever it is called from PL/pgSQL (before PostgreSQL 18 always), and
-- the container's view has nine of them; a function in PL/pgSQL is planned once a connection.

-- STABLE, as to_char is: a function that says IMMUTABLE and calls one that is not is never inlined.
CREATE OR REPLACE FUNCTION wire_time(_at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT to_char(_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

CREATE OR REPLACE FUNCTION next_revision() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  taken bigint;
BEGIN
  UPDATE lab SET revision = revision + 1, recorded_at = greatest(recorded_at, clock_timestamp()) WHERE id = 1 RETURNING revision INTO taken;
  RETURN taken;
END $$;

CREATE OR REPLACE FUNCTION container_image(_container uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT to_jsonb(s) || jsonb_build_object(
      'removed_at', wire_time(s.removed_at), 'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at))
    FROM container_state s WHERE s.id = _container);
END $$;

CREATE OR REPLACE FUNCTION device_named(_name text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT id FROM device WHERE name = _name ORDER BY retired_at DESC NULLS FIRST LIMIT 1);
END $$;

-- An event of a container whose image after it is known already.
CREATE FUNCTION record_container_change(_revision bigint, _ordinal integer, _kind text, _container uuid, _before jsonb, _after jsonb, _by jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, container_id, before, after, position_id, lid_position_id)
  SELECT _revision, _ordinal, lab.recorded_at, _kind, _by->>'actor', _by->>'reason', _by->>'request_id', _container, _before, _after,
    (SELECT position_id FROM placement WHERE container_id = _container AND part = 'body'),
    (SELECT position_id FROM placement WHERE container_id = _container AND part = 'lid')
  FROM lab WHERE id = 1;
END $$;

CREATE OR REPLACE FUNCTION record_container_event(
  _revision bigint, _ordinal integer, _kind text, _container uuid, _before jsonb, _by jsonb
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM record_container_change(_revision, _ordinal, _kind, _container, _before, container_image(_container), _by);
END $$;

CREATE OR REPLACE FUNCTION record_named_devices(_revision bigint, _ordinal integer, _devices uuid[], _by jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(_devices) = 0 THEN
    RETURN;
  END IF;
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, device_id, after)
  SELECT _revision, _ordinal + n.ordinality - 1, lab.recorded_at, 'device-named',
    _by->>'actor', _by->>'reason', _by->>'request_id', n.id, device_image(n.id)
  FROM unnest(_devices) WITH ORDINALITY AS n (id, ordinality) CROSS JOIN lab;
END $$;

-- Which events concern a device: each name is looked up once.
CREATE OR REPLACE FUNCTION link_event_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event_device (device_id, revision, ordinal)
  SELECT e.device_id, e.revision, e.ordinal FROM added e WHERE e.device_id IS NOT NULL;
  INSERT INTO event_device (device_id, revision, ordinal)
  SELECT found.id, e.revision, e.ordinal
  FROM added e
  CROSS JOIN LATERAL (
    SELECT DISTINCT device_named(named.name) AS id
    FROM (
      SELECT e.before->>'device' UNION SELECT e.before->'lid'->>'device' UNION SELECT e.after->>'device' UNION SELECT e.after->'lid'->>'device'
    ) AS named (name)
    WHERE named.name IS NOT NULL
  ) found
  WHERE e.container_id IS NOT NULL AND found.id IS NOT NULL
  ON CONFLICT ON CONSTRAINT event_device_pkey DO NOTHING;
  RETURN NULL;
END $$;

-- ── Finding and placing ─────────────────────────────────────────────────────────────────────────────────────────────

-- As find_container, and on the platform.
CREATE OR REPLACE FUNCTION find_present_container(_id uuid, _barcode text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid;
  removed timestamptz;
BEGIN
  IF _id IS NULL THEN
    SELECT c.id INTO found_id FROM container c WHERE c.barcode = _barcode AND c.removed_at IS NULL;
  ELSE
    SELECT c.id, c.removed_at INTO found_id, removed FROM container c WHERE c.id = _id;
  END IF;
  IF found_id IS NULL THEN
    -- says so
    PERFORM find_container(_id, _barcode);
  ELSIF removed IS NOT NULL THEN
    PERFORM refuse('container-removed', jsonb_build_object('container', found_id, 'removed_at', wire_time(removed)));
  END IF;
  RETURN found_id;
END $$;

-- The slot of a device by its number. _members is { device, position }: the JSON pointers of the two in the request.
CREATE OR REPLACE FUNCTION find_position(_device text, _slot integer, _members jsonb) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_id uuid;
BEGIN
  SELECT p.id INTO found_id
  FROM device d JOIN position p ON p.device_id = d.id
  WHERE d.name = _device AND d.retired_at IS NULL AND p.slot_number = _slot AND p.retired_at IS NULL;
  IF found_id IS NULL THEN
    PERFORM refuse('position-not-found', jsonb_build_object(
      'device', _device, 'position', _slot, 'pointer', _members->>'position', 'valid_range', valid_slots(find_device(_device, _members->>'device'))));
  END IF;
  RETURN found_id;
END $$;

CREATE OR REPLACE FUNCTION place(_container uuid, _part text, _position uuid, _pointer text, _reservation uuid DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  there record;
BEGIN
  SELECT pl.container_id, pl.part, rp.reservation_id IS NOT NULL AS promised INTO there
  FROM position p LEFT JOIN placement pl ON pl.position_id = p.id LEFT JOIN reserved_position rp ON rp.position_id = p.id
  WHERE p.id = _position;
  IF there.container_id = _container AND there.part = _part THEN
    RETURN;
  ELSIF there.container_id IS NOT NULL THEN
    PERFORM refuse_occupied(_position, _pointer);
  END IF;
  IF there.promised OR _reservation IS NOT NULL THEN
    PERFORM keep_promise(_position, _part, _reservation, _pointer);
  END IF;
  PERFORM put(_container, _part, _position);
END $$;

CREATE OR REPLACE FUNCTION put(_container uuid, _part text, _position uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE placement SET position_id = _position, since = clock_timestamp() WHERE container_id = _container AND part = _part;
  IF NOT FOUND THEN
    INSERT INTO placement (position_id, container_id, part, since) VALUES (_position, _container, _part, clock_timestamp());
  END IF;
  UPDATE position SET uses = uses + 1 WHERE id = _position;
END $$;

-- ── Commands ────────────────────────────────────────────────────────────────────────────────────────────────────────
-- The image after a command is the one before it with what the command changed; it is also the answer.

-- Counts a change of a container; what of its image this changes.
CREATE FUNCTION changed_container(_container uuid, _lidded boolean DEFAULT NULL) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  changed jsonb;
BEGIN
  UPDATE container SET lidded = coalesce(_lidded, lidded), version = version + 1, updated_at = clock_timestamp() WHERE id = _container
  RETURNING jsonb_build_object('lidded', lidded, 'version', version, 'updated_at', wire_time(updated_at)) INTO changed;
  RETURN changed;
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
  target := choose_position(_target_device, _target_slot,
    '{"device": "/target_device", "position": "/target_pos", "reservation": "/reservation_id"}', _reservation);
  PERFORM place(moved, 'body', target, '/target_pos', _reservation);
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
  target := choose_position(_lid_device, _lid_slot, '{"device": "/lid_device", "position": "/lid_pos", "reservation": "/reservation_id"}', _reservation);
  after := before || changed_container(opened, false);
  PERFORM place(opened, 'lid', target, '/lid_pos', _reservation);
  after := after || jsonb_build_object('lid', jsonb_build_object('device', _lid_device,
    'position', coalesce(_lid_slot, (SELECT slot_number FROM position WHERE id = target))));
  PERFORM record_container_change(next_revision(), 0, 'unlidded', opened, before, after, _by);
  RETURN QUERY SELECT * FROM jsonb_populate_record(NULL::container_state, after);
END $$;

-- The lid is on again. Where it was taken from is verified when told; a container with its lid on stays as it is.
CREATE OR REPLACE FUNCTION lid_container(_id uuid, _barcode text, _lid_device text, _lid_slot integer, _by jsonb)
RETURNS SETOF container_state LANGUAGE plpgsql AS $$
DECLARE
  closed uuid;
  before jsonb;
  after jsonb;
BEGIN
  PERFORM world_lock();
  closed := find_present_container(_id, _barcode);
  before := container_image(closed);
  IF (before->>'lidded')::boolean THEN
    RETURN QUERY SELECT * FROM jsonb_populate_record(NULL::container_state, before);
    RETURN;
  END IF;
  -- one that lies where it is said to lie needs no look at the place
  IF _lid_device IS NOT NULL AND (before->'lid'->>'device' IS DISTINCT FROM _lid_device
    OR (_lid_slot IS NOT NULL AND (before->'lid'->>'position')::integer IS DISTINCT FROM _lid_slot)) THEN
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
  after := before || changed_container(closed, true) || '{"lid": null}';
  PERFORM record_container_change(next_revision(), 0, 'lidded', closed, before, after, _by);
  RETURN QUERY SELECT * FROM jsonb_populate_record(NULL::container_state, after);
END $$;

-- ── The log of steps ────────────────────────────────────────────────────────────────────────────────────────────────

CREATE OR REPLACE FUNCTION start_experiments(_experiments uuid[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
BEGIN
  IF cardinality(_experiments) = 0 THEN
    RETURN '{}';
  END IF;
  SELECT jsonb_object_agg(e.id, experiment_image(e.id)) INTO before
  FROM (SELECT id FROM experiment WHERE id = ANY (_experiments) AND status = 'created' ORDER BY id FOR NO KEY UPDATE) e;
  IF before IS NOT NULL THEN
    UPDATE experiment SET status = 'running', version = version + 1, updated_at = clock_timestamp()
    WHERE id IN (SELECT key::uuid FROM jsonb_object_keys(before) AS key);
  END IF;
  RETURN coalesce(before, '{}');
END $$;

CREATE OR REPLACE FUNCTION adopt_steps(_experiments uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  adopted integer;
BEGIN
  IF _experiments IS NULL THEN
    RETURN 0;
  END IF;
  UPDATE step s SET experiment_id = e.id, experiment_named = NULL, version = s.version + 1, updated_at = clock_timestamp(),
    warnings = jsonb_path_query_array(s.warnings, '$[*] ? (@.code != "unknown-experiment")')
  FROM experiment e WHERE e.id = ANY (_experiments) AND s.experiment_named = e.id::text;
  GET DIAGNOSTICS adopted = ROW_COUNT;
  RETURN adopted;
END $$;

-- ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

-- A join, so that a device's slots are one pass, and nothing at all where nobody asks for the promise.
CREATE OR REPLACE VIEW position_state AS
SELECT
  p.id, p.device_id, d.name AS device, p.slot_number AS position,
  pl.position_id IS NULL AS empty,
  CASE WHEN pl.part = 'body' THEN c.barcode END AS container,
  c.id AS container_id,
  CASE pl.part WHEN 'body' THEN 'container' WHEN 'lid' THEN 'lid' END AS occupied_by,
  p.deep_well_suited,
  CASE WHEN r.expires_at > clock_timestamp()
    THEN jsonb_build_object('id', r.id, 'owner', r.owner, 'expires_at', wire_time(r.expires_at)) END AS reserved
FROM position p
JOIN device d ON d.id = p.device_id
LEFT JOIN placement pl ON pl.position_id = p.id
LEFT JOIN container c ON c.id = pl.container_id
LEFT JOIN reserved_position rp ON rp.position_id = p.id
LEFT JOIN reservation r ON r.id = rp.reservation_id
WHERE p.retired_at IS NULL AND d.retired_at IS NULL;
