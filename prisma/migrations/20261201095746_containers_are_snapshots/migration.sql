-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.

DROP FUNCTION correct_container(uuid,text,jsonb,jsonb);
DROP FUNCTION move_container(uuid,text,text,integer,text,integer,jsonb,uuid);
DROP FUNCTION move_from_position(text,integer,text,integer,uuid,text,jsonb,uuid);
DROP FUNCTION remove_container(uuid,text,jsonb);
DROP FUNCTION update_container(uuid,text,jsonb,jsonb);
DROP FUNCTION lid_container(uuid,text,text,integer,jsonb);
DROP FUNCTION unlid_container(uuid,text,text,integer,jsonb,uuid);

-- prisma/sql/container/container_snapshot.sql
-- Returns a container as an event stores it: the members of `container_state`, with times as the API shows them. Null if there is none. It reads
-- one after another what the view joins: each place is found by key, and to prepare nine joins takes twice as long as that. A test
-- compares the two.
--
-- Settings: `plan_cache_mode = force_generic_plan`: it finds everything by key, so one plan is good for all containers. Without
-- the setting PostgreSQL plans each query again in the first five calls of a connection.
CREATE OR REPLACE FUNCTION container_snapshot(_container uuid) RETURNS jsonb LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  found container;
  starting_device text;
  starting_slot integer;
  body_device text;
  body_slot integer;
  lid_device text;
  lid_slot integer;
  last_device text;
  last_slot integer;
BEGIN
  SELECT c.* INTO found FROM container c WHERE c.id = _container;
  IF found.id IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT d.name, p.slot_number INTO starting_device, starting_slot FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = found.starting_position_id;
  SELECT d.name, p.slot_number INTO body_device, body_slot FROM placement pl JOIN position p ON p.id = pl.position_id JOIN device d ON d.id = p.device_id
  WHERE pl.container_id = _container AND pl.part = 'body';
  SELECT d.name, p.slot_number INTO lid_device, lid_slot FROM placement pl JOIN position p ON p.id = pl.position_id JOIN device d ON d.id = p.device_id
  WHERE pl.container_id = _container AND pl.part = 'lid';
  IF found.missing_since IS NOT NULL THEN
    SELECT d.name, p.slot_number INTO last_device, last_slot FROM position p JOIN device d ON d.id = p.device_id WHERE p.id = found.last_position_id;
  END IF;
  RETURN jsonb_build_object(
    'id', found.id, 'name', found.name, 'barcode', found.barcode, 'device', body_device, 'position', body_slot,
    'starting_device', starting_device, 'starting_position', starting_slot, 'lidded', found.lidded,
    'lid', CASE WHEN lid_device IS NOT NULL THEN jsonb_build_object('device', lid_device, 'position', lid_slot) END,
    'filled', found.filled, 'content', found.content, 'labware_type', found.labware_type, 'labware_uuid', found.labware_uuid, 'is_reagent', found.is_reagent,
    'removed_at', wire_time(found.removed_at), 'missing_since', wire_time(found.missing_since), 'last_device', last_device, 'last_position', last_slot,
    'created_at', wire_time(found.created_at), 'updated_at', wire_time(found.updated_at), 'version', found.version);
END $$;

-- prisma/sql/container/correct_container.sql
-- Records what a person saw in the lab. A correction may do what other commands refuse: bring back a removed container,
-- find a missing one, say that the lid is on although no command put it on, use a reserved slot. It never violates a
-- constraint. `_input` has the members of ContainerCorrection but the reason, which is in `_audit`. What the input does not
-- name stays as it is. What was seen in waste is off the platform; a lid there is gone, and one cannot stay on the platform alone. Returns
-- the snapshot of the container.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, barcode-in-use, position-occupied, device-not-found,
-- position-not-found, position-disposes
CREATE OR REPLACE FUNCTION correct_container(_id uuid, _barcode text, _input jsonb, _audit jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  corrected uuid;
  before jsonb;
  after_barcode text;
  after_lidded boolean;
  body_from uuid;
  lid_from uuid;
  body_to uuid;
  lid_to uuid;
  thing placement;
  moved placement;
  this_revision bigint;
  ordinal integer := 0;
  waste jsonb;
BEGIN
  PERFORM lock_lab();
  corrected := require_container(_id, _barcode);
  before := container_snapshot(corrected);
  SELECT position_id INTO body_from FROM placement WHERE container_id = corrected AND part = 'body';
  SELECT position_id INTO lid_from FROM placement WHERE container_id = corrected AND part = 'lid';
  IF before->>'removed_at' IS NOT NULL AND NOT _input ? 'device' THEN
    PERFORM refuse('container-removed', jsonb_build_object('container', corrected, 'removed_at', before->'removed_at'));
  END IF;

  IF lookup_waste(_input->'lid'->>'device', (_input->'lid'->>'position')::integer) IS NOT NULL THEN
    _input := _input || '{"lid": null, "lidded": false}';
  END IF;
  waste := lookup_waste(_input->>'device', (_input->>'position')::integer);
  IF waste IS NOT NULL THEN
    IF jsonb_typeof(_input->'lid') = 'object' THEN
      PERFORM refuse('position-disposes', waste || jsonb_build_object('lid', _input->'lid', 'pointer', '/lid/device'));
    END IF;
    IF before->>'removed_at' IS NULL THEN
      IF _input->>'barcode' IS NOT NULL THEN
        PERFORM refuse_barcode_in_use(_input->>'barcode', corrected, '/barcode');
      END IF;
      IF _input ? 'barcode' THEN
        UPDATE container SET barcode = _input->>'barcode', name = relabelled_name(name, barcode, _input->>'barcode') WHERE id = corrected;
      END IF;
      RETURN dispose_part(corrected, 'body', waste, next_revision(), 0, before, _audit);
    END IF;
    RETURN before;
  END IF;

  body_to := CASE WHEN _input ? 'device'
    THEN require_position(_input->>'device', (_input->>'position')::integer, '{"device": "/device", "position": "/position"}') ELSE body_from END;
  lid_to := CASE jsonb_typeof(_input->'lid')
    WHEN 'object' THEN require_position(_input->'lid'->>'device', (_input->'lid'->>'position')::integer, '{"device": "/lid/device", "position": "/lid/position"}')
    WHEN 'null' THEN NULL ELSE lid_from END;
  after_lidded := CASE WHEN jsonb_typeof(_input->'lid') = 'object' THEN false
    ELSE coalesce((_input->>'lidded')::boolean, (before->>'lidded')::boolean) END;
  IF after_lidded THEN
    lid_to := NULL;
  END IF;
  after_barcode := CASE WHEN _input ? 'barcode' THEN _input->>'barcode' ELSE before->>'barcode' END;
  IF after_barcode IS NOT NULL THEN
    PERFORM refuse_barcode_in_use(after_barcode, corrected, '/barcode');
  END IF;
  IF body_to = lid_to THEN
    IF jsonb_typeof(_input->'lid') = 'object' THEN
      PERFORM refuse_own_position(before, 'container', lid_to, '/lid/position');
    END IF;
    -- Nobody said where its own lid is instead.
    PERFORM refuse_occupied_position(lid_to, '/position');
  END IF;
  IF body_to IS NOT DISTINCT FROM body_from AND lid_to IS NOT DISTINCT FROM lid_from AND after_lidded = (before->>'lidded')::boolean
    AND after_barcode IS NOT DISTINCT FROM before->>'barcode' THEN
    RETURN before;
  END IF;

  this_revision := next_revision();
  -- First free the slots of the container itself, because a displaced thing may go there.
  DELETE FROM placement WHERE container_id = corrected
    AND position_id IS DISTINCT FROM CASE part WHEN 'body' THEN body_to ELSE lid_to END;
  FOR thing IN SELECT * FROM placement WHERE position_id IN (body_to, lid_to) AND container_id <> corrected ORDER BY part, position_id LOOP
    -- The loop has what was there before it began. A container that an earlier pass removed took its lid along.
    PERFORM 1 FROM placement WHERE position_id = thing.position_id AND container_id = thing.container_id AND part = thing.part;
    IF NOT FOUND THEN
      CONTINUE;
    END IF;
    IF _input->'displace' IS NULL THEN
      PERFORM refuse_occupied_position(thing.position_id, CASE thing.position_id WHEN body_to THEN '/position' ELSE '/lid/position' END);
    END IF;
    PERFORM displace_occupant(thing, _input->'displace', this_revision, ordinal, _audit);
    -- The displaced thing must not go where the container or its lid is going to be.
    SELECT * INTO moved FROM placement WHERE position_id IN (body_to, lid_to) AND container_id = thing.container_id AND part = thing.part;
    IF FOUND THEN
      PERFORM refuse_own_position(before, CASE moved.position_id WHEN body_to THEN 'container' ELSE 'lid' END, moved.position_id, '/displace/position');
    END IF;
    ordinal := ordinal + 1;
  END LOOP;
  UPDATE container SET barcode = after_barcode, name = relabelled_name(name, barcode, after_barcode), lidded = after_lidded, removed_at = NULL, version = version + 1, updated_at = command_time()
  WHERE id = corrected;
  IF body_to IS DISTINCT FROM body_from THEN
    PERFORM write_placement(corrected, 'body', body_to);
  END IF;
  IF lid_to IS NOT NULL AND lid_to IS DISTINCT FROM lid_from THEN
    PERFORM write_placement(corrected, 'lid', lid_to);
  END IF;
  RETURN record_container_event(this_revision, ordinal,
    CASE WHEN before->>'missing_since' IS NOT NULL AND body_to IS NOT NULL THEN 'found' ELSE 'corrected' END, corrected, before, _audit);
END $$;

-- prisma/sql/container/move_container.sql
-- Moves a container. If a source is given, the container must be there. Without one, a missing container is found. Without a
-- target slot the container goes to the lowest free one. If the target disposes, the container is off the platform. Returns
-- the snapshot before the move with what the move changed, so that nothing is read
-- twice.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, source-mismatch, and what place_on_device raises.
CREATE OR REPLACE FUNCTION move_container(
  _id uuid, _barcode text, _source_device text, _source_slot integer, _target_device text, _target_slot integer, _audit jsonb, _reservation uuid
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  -- This also takes the lab lock. A move always changes something; a refusal rolls the revision back.
  this_revision bigint := next_revision();
  moved uuid := require_present_container(_id, _barcode);
  before jsonb := container_snapshot(moved);
  after jsonb;
  target uuid;
BEGIN
  IF (_source_device IS NOT NULL AND before->>'device' IS DISTINCT FROM _source_device)
    OR (_source_slot IS NOT NULL AND (before->>'position')::integer IS DISTINCT FROM _source_slot) THEN
    IF _source_slot IS NULL THEN
      PERFORM require_device(_source_device, '/source_device');
    ELSIF _source_device IS NOT NULL THEN
      PERFORM require_position(_source_device, _source_slot, '{"device": "/source_device", "position": "/source_pos"}');
    END IF;
    PERFORM refuse('source-mismatch', jsonb_build_object(
      'expected', jsonb_build_object('device', _source_device, 'position', _source_slot),
      'actual', jsonb_build_object('device', before->'device', 'position', before->'position'),
      'container', jsonb_build_object('id', before->'id', 'barcode', before->'barcode')) || missing_members(before));
  END IF;
  target := place_on_device(moved, 'body', _target_device, _target_slot,
    '{"device": "/target_device", "position": "/target_pos", "reservation": "/reservation_id"}', _reservation);
  IF target IS NULL THEN
    RETURN dispose_part(moved, 'body', lookup_waste(_target_device, _target_slot), this_revision, 0, before, _audit);
  END IF;
  IF _target_slot IS NULL THEN
    SELECT p.slot_number INTO _target_slot FROM position p WHERE p.id = target;
  END IF;
  after := before || update_lidded_and_version(moved) || jsonb_build_object('device', _target_device, 'position', _target_slot,
    'missing_since', NULL, 'last_device', NULL, 'last_position', NULL);
  RETURN record_container_event(this_revision, 0, moved_kind(before), moved, before, _audit, after);
END $$;

-- prisma/sql/container/move_from_position.sql
-- Moves what is in a slot: the container, or the lid if only a lid is there. If the target disposes, it is disposed of. If a barcode is given, it must be the
-- one of the container, or a former label of it. `_id` is its id, if the request names it so. Returns the snapshot of the container.
--
-- Locks: The lab lock.
-- Raises: device-not-found, position-not-found, source-empty, source-mismatch, and what place_on_device raises.
CREATE OR REPLACE FUNCTION move_from_position(
  _source_device text, _source_slot integer, _target_device text, _target_slot integer, _id uuid, _barcode text, _audit jsonb, _reservation uuid
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  source uuid;
  what record;
  before jsonb;
BEGIN
  PERFORM lock_lab();
  source := require_position(_source_device, _source_slot, '{"device": "/source_device", "position": "/source_pos"}');
  SELECT pl.container_id, pl.part INTO what FROM placement pl WHERE pl.position_id = source;
  IF NOT FOUND THEN
    PERFORM refuse('source-empty', jsonb_build_object('device', _source_device, 'position', _source_slot, 'pointer', '/source_pos'));
  END IF;
  before := container_snapshot(what.container_id);
  IF _id <> what.container_id OR (_barcode IS NOT NULL AND before->>'barcode' IS DISTINCT FROM _barcode AND NOT label_is_former(what.container_id, _barcode)) THEN
    PERFORM refuse_source_mismatch(what.container_id, jsonb_build_object('device', _source_device, 'position', _source_slot),
      coalesce(_barcode, (SELECT c.barcode FROM container c WHERE c.id = _id), _id::text), '/barcode');
  END IF;
  IF place_on_device(what.container_id, what.part, _target_device, _target_slot,
    '{"device": "/target_device", "position": "/target_pos", "reservation": "/reservation_id"}', _reservation) IS NULL THEN
    RETURN dispose_part(what.container_id, what.part, lookup_waste(_target_device, _target_slot), next_revision(), 0, before, _audit);
  END IF;
  PERFORM bump_container_version(what.container_id);
  RETURN record_container_event(next_revision(), 0, CASE what.part WHEN 'body' THEN 'moved' ELSE 'unlidded' END,
    what.container_id, before, _audit);
END $$;

-- prisma/sql/container/record_container_event.sql
-- Records an event of a container. `_after` is the snapshot after the command, which is read here unless the caller
-- already knows it. Returns that snapshot, so that the caller need not read it again.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION record_container_event(
  _revision bigint, _ordinal integer, _kind text, _container uuid, _before jsonb, _audit jsonb, _after jsonb DEFAULT NULL
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  request uuid := uuid_of_request(_audit);
  body_position uuid;
  lid_position uuid;
BEGIN
  IF _after IS NULL THEN
    _after := container_snapshot(_container);
  END IF;
  SELECT pl.position_id INTO body_position FROM placement pl WHERE pl.container_id = _container AND pl.part = 'body';
  -- seldom, because few lids are parked
  IF _after->'lid' <> 'null' THEN
    SELECT pl.position_id INTO lid_position FROM placement pl WHERE pl.container_id = _container AND pl.part = 'lid';
  END IF;
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, container_id, was, became, position_id, lid_position_id)
  VALUES (_revision, _ordinal, (SELECT l.recorded_at FROM lab l WHERE l.id = 1), _kind, _audit->>'actor', _audit->>'reason',
    request, CASE WHEN request IS NULL THEN _audit->>'request_id' END, _container,
    changed_members(_before, _after), stored_container(_after), body_position, lid_position);
  RETURN _after;
END $$;

-- prisma/sql/container/remove_container.sql
-- Removes a container from the platform: its slot, the slot of its lid and its barcode are free again. Does
-- nothing if the container was already removed. Returns its snapshot.
--
-- Locks: The lab lock.
-- Raises: container-not-found
CREATE OR REPLACE FUNCTION remove_container(_id uuid, _barcode text, _audit jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  gone uuid;
  before jsonb;
BEGIN
  PERFORM lock_lab();
  gone := require_container(_id, _barcode);
  before := container_snapshot(gone);
  IF before->>'removed_at' IS NULL THEN
    DELETE FROM placement WHERE container_id = gone;
    UPDATE container SET removed_at = command_time(), missing_since = NULL, last_position_id = NULL, version = version + 1, updated_at = command_time() WHERE id = gone;
    RETURN record_container_event(next_revision(), 0, 'removed', gone, before, _audit);
  END IF;
  RETURN before;
END $$;

-- prisma/sql/container/update_container.sql
-- Changes what is known of a container, but not where it is. `_changes` has the members to change; null clears a
-- member. A name that was made from the label follows a new label. Nothing is written if nothing changes. Returns
-- the snapshot of the container.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, barcode-in-use
CREATE OR REPLACE FUNCTION update_container(_id uuid, _barcode text, _changes jsonb, _audit jsonb)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  changed uuid;
  before jsonb;
BEGIN
  PERFORM lock_lab();
  changed := require_present_container(_id, _barcode);
  before := container_snapshot(changed);
  -- A UUID may be written in capitals, and is the same.
  IF _changes->>'labware_uuid' IS NOT NULL THEN
    _changes := _changes || jsonb_build_object('labware_uuid', (_changes->>'labware_uuid')::uuid);
  END IF;
  IF before @> _changes THEN
    RETURN before;
  END IF;
  IF _changes->>'barcode' IS NOT NULL THEN
    PERFORM refuse_barcode_in_use(_changes->>'barcode', changed, '/barcode');
  END IF;
  UPDATE container c SET
    barcode = CASE WHEN _changes ? 'barcode' THEN _changes->>'barcode' ELSE c.barcode END,
    name = CASE WHEN _changes ? 'name' THEN _changes->>'name' WHEN _changes ? 'barcode' THEN relabelled_name(c.name, c.barcode, _changes->>'barcode') ELSE c.name END,
    filled = CASE WHEN _changes ? 'filled' THEN (_changes->>'filled')::boolean ELSE c.filled END,
    content = CASE WHEN _changes ? 'content' THEN _changes->>'content' ELSE c.content END,
    labware_type = CASE WHEN _changes ? 'labware_type' THEN _changes->>'labware_type' ELSE c.labware_type END,
    labware_uuid = CASE WHEN _changes ? 'labware_uuid' THEN (_changes->>'labware_uuid')::uuid ELSE c.labware_uuid END,
    is_reagent = CASE WHEN _changes ? 'is_reagent' THEN (_changes->>'is_reagent')::boolean ELSE c.is_reagent END,
    version = c.version + 1, updated_at = command_time()
  WHERE c.id = changed;
  RETURN record_container_event(next_revision(), 0,
    CASE WHEN before->'barcode' IS DISTINCT FROM coalesce(_changes->'barcode', before->'barcode') THEN 'barcode-set' ELSE 'updated' END,
    changed, before, _audit);
END $$;

-- prisma/sql/lid/lid_container.sql
-- Puts the lid back on a container. If the request says where the lid was, the lid must be there. Nothing is written
-- if the lid is on. Returns the snapshot of the container.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, device-not-found, position-not-found, lid-mismatch
CREATE OR REPLACE FUNCTION lid_container(_id uuid, _barcode text, _lid_device text, _lid_slot integer, _audit jsonb)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  closed uuid;
  before jsonb;
  after jsonb;
BEGIN
  PERFORM lock_lab();
  closed := require_present_container(_id, _barcode);
  before := container_snapshot(closed);
  IF (before->>'lidded')::boolean THEN
    RETURN before;
  END IF;
  -- The place in the request is checked only if the lid is not there.
  IF _lid_device IS NOT NULL AND (before->'lid'->>'device' IS DISTINCT FROM _lid_device
    OR (_lid_slot IS NOT NULL AND (before->'lid'->>'position')::integer IS DISTINCT FROM _lid_slot)) THEN
    IF _lid_slot IS NULL THEN
      PERFORM require_device(_lid_device, '/lid_device');
    ELSE
      PERFORM require_position(_lid_device, _lid_slot, '{"device": "/lid_device", "position": "/lid_pos"}');
    END IF;
  END IF;
  -- If the place of the lid is unknown, any place in the request is accepted.
  IF before->'lid'->>'device' <> _lid_device OR (before->'lid'->>'position')::integer <> _lid_slot THEN
    PERFORM refuse('lid-mismatch', jsonb_build_object(
      'expected', jsonb_build_object('device', _lid_device, 'position', _lid_slot),
      'actual', before->'lid',
      'container', jsonb_build_object('id', before->'id', 'barcode', before->'barcode')));
  END IF;
  DELETE FROM placement WHERE container_id = closed AND part = 'lid';
  after := before || update_lidded_and_version(closed, true) || '{"lid": null}';
  RETURN record_container_event(next_revision(), 0, 'lidded', closed, before, _audit, after);
END $$;

-- prisma/sql/lid/unlid_container.sql
-- Takes the lid off a container and parks it in a slot. If the lid is off already, it is moved to that slot. Nothing
-- is written if the lid is there. If the slot disposes, the container has no lid any longer. Returns the snapshot
-- of the container.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, and what place_on_device raises.
CREATE OR REPLACE FUNCTION unlid_container(_id uuid, _barcode text, _lid_device text, _lid_slot integer, _audit jsonb, _reservation uuid)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  opened uuid;
  before jsonb;
  after jsonb;
  target uuid;
  waste jsonb;
BEGIN
  PERFORM lock_lab();
  opened := require_present_container(_id, _barcode);
  before := container_snapshot(opened);
  IF before->'lid'->>'device' = _lid_device AND (before->'lid'->>'position')::integer = coalesce(_lid_slot, (before->'lid'->>'position')::integer) THEN
    RETURN before;
  END IF;
  IF _reservation IS NULL THEN
    waste := lookup_waste(_lid_device, _lid_slot);
  END IF;
  IF waste IS NOT NULL THEN
    -- A lid that is off and in no slot may have been disposed of before.
    IF (before->>'lidded')::boolean OR before->'lid' <> 'null' THEN
      RETURN dispose_part(opened, 'lid', waste, next_revision(), 0, before, _audit);
    END IF;
    RETURN before;
  END IF;
  after := before || update_lidded_and_version(opened, false);
  target := place_on_device(opened, 'lid', _lid_device, _lid_slot, '{"device": "/lid_device", "position": "/lid_pos", "reservation": "/reservation_id"}', _reservation);
  IF _lid_slot IS NULL THEN
    SELECT p.slot_number INTO _lid_slot FROM position p WHERE p.id = target;
  END IF;
  after := after || jsonb_build_object('lid', jsonb_build_object('device', _lid_device, 'position', _lid_slot));
  RETURN record_container_event(next_revision(), 0, 'unlidded', opened, before, _audit, after);
END $$;

-- prisma/sql/placement/place_on_device.sql
-- Places a part of a container on a device: in the requested slot, or in a free one (see choose_position). Returns the
-- slot, or null if the device or the slot disposes: then nothing is placed, and the caller disposes of the part. `_pointers` is
-- { device, position, reservation }: the JSON pointers of the three in the request.
--
-- The frequent case takes two short queries: the type, and lookup_free_position. Everything else goes to choose_position and
-- place_in_position, which can say what is wrong.
--
-- Locks: The caller holds the lab lock.
-- Raises: What choose_position and place_in_position raise.
CREATE OR REPLACE FUNCTION place_on_device(_container uuid, _part text, _device text, _slot integer, _pointers jsonb, _reservation uuid) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  target uuid;
  type labware_type;
BEGIN
  -- most containers have no type
  IF _part = 'body' AND (SELECT c.labware_type FROM container c WHERE c.id = _container) IS NOT NULL THEN
    type := lookup_labware_type(_container, _part);
  END IF;
  IF _slot IS NOT NULL AND _reservation IS NULL THEN
    target := lookup_free_position(_device, _slot, type);
  END IF;
  IF target IS NOT NULL THEN
    PERFORM write_placement(_container, _part, target);
  ELSIF _reservation IS NULL AND lookup_waste(_device, _slot) IS NOT NULL THEN
    RETURN NULL;
  ELSE
    target := choose_position(_device, _slot, _pointers, _reservation, type);
    PERFORM place_in_position(_container, _part, target, _pointers->>'position', _reservation);
  END IF;
  RETURN target;
END $$;

-- prisma/sql/container/add_containers.sql
-- Adds containers in order, all or none. In a batch a refusal has the index of the input that caused it. If the input
-- contradicts an earlier one of the same batch, the refusal has the index of that one: nothing of it is there.
-- A batch only fills slots, so the lowest free slot of a device never becomes lower: each search begins where the last
-- one ended, and together they pass the slots of a device once.
--
-- Locks: The lab lock.
-- Raises: What add_container raises.
CREATE OR REPLACE FUNCTION add_containers(_inputs jsonb, _batch boolean, _audit jsonb) RETURNS TABLE (outcome text, container container_state)
LANGUAGE plpgsql AS $$
DECLARE
  input jsonb;
  index integer := 0;
  added uuid;
  created uuid[] := '{}';
  recorded integer := 0;
  lowest jsonb := '{}';
  revision bigint;
  code text;
  members text;
BEGIN
  PERFORM lock_lab();
  -- The revision is taken before it is known whether anything changes. It is given back below if nothing did.
  revision := next_revision();
  FOR input IN SELECT value FROM jsonb_array_elements(_inputs) LOOP
    BEGIN
      SELECT a.id, a.outcome, a.lowest INTO added, outcome, lowest
      FROM add_container(input, revision, recorded, CASE WHEN _batch THEN '/containers/' || index ELSE '' END, _audit, lowest) a;
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      PERFORM refuse(code, CASE WHEN _batch THEN with_batch_conflict(members::jsonb, index, created) ELSE members::jsonb END);
    END;
    IF outcome = 'created' THEN
      recorded := recorded + 1;
    END IF;
    created := created || CASE WHEN outcome = 'created' THEN added END;
    container := jsonb_populate_record(NULL::container_state, container_snapshot(added));
    index := index + 1;
    RETURN NEXT;
  END LOOP;
  IF recorded = 0 THEN
    UPDATE lab SET revision = lab.revision - 1 WHERE lab.id = 1;
  END IF;
END $$;
