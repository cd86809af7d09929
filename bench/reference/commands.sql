-- The commands of the hand-written reference: each the shortest function that keeps what the service promises, on the same
-- tables. The lab's row is taken before anything is looked at (a step takes it last), every change writes an event with
-- full snapshots before and after, and a refusal says what is really there. A slot that is reserved is
-- refused; no reservation is consumed here. Nothing else: no lids that move by place, no adoption, no warnings about unknown names.

CREATE SCHEMA reference;

CREATE FUNCTION reference.refuse(_code text, _members jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'PS409', MESSAGE = _code, DETAIL = _members::text;
END $$;

CREATE FUNCTION reference.wire(_at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT to_char(_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- One container as the API shows it, by its barcode.
CREATE FUNCTION reference.container(_barcode text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', c.id, 'name', c.name, 'barcode', c.barcode, 'device', d.name, 'position', p.slot_number,
    'starting_device', sd.name, 'starting_position', sp.slot_number, 'lidded', c.lidded,
    'lid', CASE WHEN lp.id IS NOT NULL THEN jsonb_build_object('device', ld.name, 'position', lp.slot_number) END,
    'filled', c.filled, 'content', c.content, 'labware_type', c.labware_type, 'labware_uuid', c.labware_uuid, 'is_reagent', c.is_reagent,
    'removed_at', NULL, 'missing_since', reference.wire(c.missing_since), 'last_device', NULL, 'last_position', NULL, 'created_at', reference.wire(c.created_at), 'updated_at', reference.wire(c.updated_at), 'version', c.version)
  FROM container c
  JOIN position sp ON sp.id = c.starting_position_id JOIN device sd ON sd.id = sp.device_id
  JOIN placement b ON b.container_id = c.id AND b.part = 'body' JOIN position p ON p.id = b.position_id JOIN device d ON d.id = p.device_id
  LEFT JOIN placement l ON l.container_id = c.id AND l.part = 'lid' LEFT JOIN position lp ON lp.id = l.position_id LEFT JOIN device ld ON ld.id = lp.device_id
  WHERE c.barcode = _barcode AND c.removed_at IS NULL
$$;

-- The slot, which must be free for this part of this container.
CREATE FUNCTION reference.free_slot(_device text, _slot integer, _container uuid, _part text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  slot uuid;
  there record;
BEGIN
  SELECT p.id, pl.container_id, pl.part, pl.since, c.barcode, r.owner, r.expires_at > clock_timestamp() AS reserved INTO there
  FROM device d JOIN position p ON p.device_id = d.id
  LEFT JOIN reserved_position rp ON rp.position_id = p.id LEFT JOIN reservation r ON r.id = rp.reservation_id
  LEFT JOIN placement pl ON pl.position_id = p.id LEFT JOIN container c ON c.id = pl.container_id
  WHERE d.name = _device AND d.retired_at IS NULL AND p.slot_number = _slot AND p.retired_at IS NULL;
  slot := there.id;
  IF slot IS NULL THEN
    PERFORM reference.refuse('position-not-found', jsonb_build_object('device', _device, 'position', _slot));
  ELSIF there.container_id IS NOT NULL AND (there.container_id <> _container OR there.part <> _part) THEN
    PERFORM reference.refuse('position-occupied', jsonb_build_object('device', _device, 'position', _slot,
      'occupant', jsonb_build_object('id', there.container_id, 'barcode', there.barcode, 'part', there.part, 'since', there.since)));
  ELSIF there.reserved AND there.container_id IS NULL THEN
    PERFORM reference.refuse('position-reserved', jsonb_build_object('device', _device, 'position', _slot, 'owner', there.owner));
  END IF;
  RETURN slot;
END $$;

CREATE FUNCTION reference.move(
  _barcode text, _source_device text, _source_slot integer, _target_device text, _target_slot integer, _request text
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  this_revision bigint;
  at timestamptz;
  before jsonb;
  after jsonb;
  moved uuid;
  target uuid;
BEGIN
  UPDATE lab SET revision = revision + 1, recorded_at = greatest(recorded_at, clock_timestamp()) RETURNING revision, recorded_at INTO this_revision, at;
  before := reference.container(_barcode);
  IF before IS NULL THEN
    PERFORM reference.refuse('container-not-found', jsonb_build_object('container', _barcode));
  ELSIF before->>'device' <> _source_device OR (before->>'position')::integer <> _source_slot THEN
    PERFORM reference.refuse('source-mismatch', jsonb_build_object('actual', jsonb_build_object('device', before->'device', 'position', before->'position')));
  END IF;
  moved := (before->>'id')::uuid;
  target := reference.free_slot(_target_device, _target_slot, moved, 'body');
  UPDATE placement SET position_id = target, since = at WHERE container_id = moved AND part = 'body';
  UPDATE container SET version = version + 1, updated_at = at WHERE id = moved;
  after := before || jsonb_build_object('device', _target_device, 'position', _target_slot,
    'version', (before->>'version')::integer + 1, 'updated_at', reference.wire(at));
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, request_id, container_id, was, became, position_id, lid_position_id)
  VALUES (this_revision, 0, at, 'moved', _request, moved, before, after, target,
    CASE WHEN before->'lid' <> 'null' THEN (SELECT position_id FROM placement WHERE container_id = moved AND part = 'lid') END);
  RETURN after;
END $$;

-- With a place the lid goes there, without one it goes on.
CREATE FUNCTION reference.lid(_barcode text, _unlid boolean, _device text, _slot integer, _request text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  this_revision bigint;
  at timestamptz;
  before jsonb;
  after jsonb;
  changed uuid;
  target uuid;
BEGIN
  UPDATE lab SET revision = revision + 1, recorded_at = greatest(recorded_at, clock_timestamp()) RETURNING revision, recorded_at INTO this_revision, at;
  before := reference.container(_barcode);
  IF before IS NULL THEN
    PERFORM reference.refuse('container-not-found', jsonb_build_object('container', _barcode));
  END IF;
  changed := (before->>'id')::uuid;
  IF _unlid THEN
    target := reference.free_slot(_device, _slot, changed, 'lid');
    UPDATE container SET lidded = false, version = version + 1, updated_at = at WHERE id = changed;
    INSERT INTO placement (position_id, container_id, part, since) VALUES (target, changed, 'lid', at)
    ON CONFLICT ON CONSTRAINT placement_container_part_key DO UPDATE SET position_id = excluded.position_id, since = excluded.since;
  ELSE
    IF before->'lid'->>'device' <> _device OR (before->'lid'->>'position')::integer <> _slot THEN
      PERFORM reference.refuse('lid-mismatch', jsonb_build_object('actual', before->'lid'));
    END IF;
    DELETE FROM placement WHERE container_id = changed AND part = 'lid';
    UPDATE container SET lidded = true, version = version + 1, updated_at = at WHERE id = changed;
  END IF;
  after := before || jsonb_build_object('lidded', NOT _unlid, 'lid', CASE WHEN _unlid THEN jsonb_build_object('device', _device, 'position', _slot) END,
    'version', (before->>'version')::integer + 1, 'updated_at', reference.wire(at));
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, request_id, container_id, was, became, position_id, lid_position_id)
  VALUES (this_revision, 0, at, CASE WHEN _unlid THEN 'unlidded' ELSE 'lidded' END, _request, changed, before, after,
    (SELECT position_id FROM placement WHERE container_id = changed AND part = 'body'), target);
  RETURN after;
END $$;

-- Steps of devices that are known, with containers by barcode; one statement for one or for thousands. In a revision that
-- was taken already they are its second event.
CREATE FUNCTION reference.log_steps(_steps jsonb, _request text, _revision bigint DEFAULT NULL) RETURNS SETOF step_state LANGUAGE plpgsql AS $$
DECLARE
  ids uuid[];
  this_revision bigint := _revision;
BEGIN
  INSERT INTO step (id, kind, name, fct, device_id, status, start, finish, commanded_seconds, data, created_as, match_version, match_function,
    match_parameters, match_protocol, experiment_id, origin_device_id, origin_position, destination_device_id, destination_position, container_named, container_id)
  SELECT a.id, coalesce(a.kind, 'operation'), a.name, a.fct, d.id, 'completed', a.start, a.finish, a.commanded_seconds, a.data, a.created_as, a.match_version,
    a.match_function, a.match_parameters, a.match_protocol, e.id, o.id, (a.origin->>'position')::integer, t.id, (a.destination->>'position')::integer,
    CASE WHEN cardinality(a.containers) = 1 THEN a.containers[1] END, c.id
  FROM jsonb_to_recordset(_steps) AS a (
    containers text[], id uuid, kind text, name text, fct text, device text, start timestamptz, finish timestamptz, data jsonb, commanded_seconds double precision,
    created_as text, match_version integer, match_function text, match_parameters uuid, match_protocol uuid, experiment_id uuid, origin jsonb, destination jsonb)
  JOIN device d ON d.name = a.device AND d.retired_at IS NULL
  LEFT JOIN device o ON o.name = a.origin->>'device' AND o.retired_at IS NULL
  LEFT JOIN device t ON t.name = a.destination->>'device' AND t.retired_at IS NULL
  LEFT JOIN experiment e ON e.id = a.experiment_id
  LEFT JOIN container c ON c.barcode = a.containers[1] AND c.removed_at IS NULL AND cardinality(a.containers) = 1;

  SELECT array_agg(a.id) INTO ids FROM jsonb_to_recordset(_steps) AS a (id uuid);
  IF jsonb_path_exists(_steps, '$[*].containers[1]') THEN
    INSERT INTO step_container (step_id, ordinal, named, container_id)
    SELECT a.id, n.ordinality - 1, n.named, c.id
    FROM jsonb_to_recordset(_steps) AS a (id uuid, containers text[])
    CROSS JOIN unnest(a.containers) WITH ORDINALITY AS n (named, ordinality)
    LEFT JOIN container c ON c.barcode = n.named AND c.removed_at IS NULL
    WHERE cardinality(a.containers) > 1;
  END IF;

  UPDATE experiment SET status = 'running' WHERE status = 'created'
    AND id IN (SELECT a.experiment_id FROM jsonb_to_recordset(_steps) AS a (experiment_id uuid));
  IF _revision IS NULL THEN
    UPDATE lab SET revision = revision + 1, recorded_at = greatest(recorded_at, clock_timestamp()) RETURNING revision INTO this_revision;
  END IF;
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, request_id, step_id, device_id, became)
  SELECT this_revision, CASE WHEN _revision IS NULL THEN 0 ELSE 1 END, l.recorded_at, 'steps-logged', _request,
    CASE WHEN cardinality(ids) = 1 THEN ids[1] END, CASE WHEN cardinality(ids) = 1 THEN (SELECT device_id FROM step WHERE id = ids[1]) END,
    jsonb_build_object('logged', cardinality(ids), 'extended', 0)
  FROM lab l;
  RETURN QUERY SELECT s.* FROM unnest(ids) WITH ORDINALITY AS t (id, n) JOIN step_state s ON s.id = t.id ORDER BY t.n;
END $$;

-- A move and the step of it, in one revision.
CREATE FUNCTION reference.transfer(
  _barcode text, _source_device text, _source_slot integer, _target_device text, _target_slot integer, _step jsonb, _request text,
  OUT container text, OUT step jsonb
) LANGUAGE plpgsql AS $$
BEGIN
  container := reference.move(_barcode, _source_device, _source_slot, _target_device, _target_slot, _request);
  SELECT to_jsonb(s) INTO step FROM reference.log_steps(jsonb_build_array(_step), _request, (SELECT revision FROM lab)) s;
END $$;
