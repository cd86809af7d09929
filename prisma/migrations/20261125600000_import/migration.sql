-- Bringing in what another system kept; see src/import.

-- The slot of { device, position }, retired or not, of the device that bears the name or bore it last.
CREATE FUNCTION imported_slot(_place jsonb) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT id FROM position WHERE device_id = device_named(_place->>'device') AND slot_number = (_place->>'position')::integer
$$;

-- Containers as they are now: those on the platform where they stand, with their parked lids, and those that were removed.
-- One revision however many. Each is `added` in the log as it was last known; a removed one is `removed` right after, before
-- the next is added, so that no two are in one slot at any event.
--
-- _containers is [{ id, name, barcode, labware_uuid, lidded, removed, created_as, place, lid, start }]; the last three are
-- { device, position }. `place` and `lid` are null when unknown; `start` never is. The caller holds the lab's row and has
-- looked: what stands in a place is refused by the constraints, not told.
CREATE FUNCTION import_containers(_containers jsonb, _by jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  this_revision bigint;
  first_present integer;
  added jsonb;
BEGIN
  PERFORM world_lock();
  IF jsonb_array_length(_containers) = 0 THEN
    RETURN;
  END IF;
  INSERT INTO container (id, name, barcode, labware_uuid, lidded, starting_position_id, removed_at, created_as)
  SELECT c.id, c.name, c.barcode, c.labware_uuid, c.lidded, imported_slot(c.start), CASE WHEN c.removed THEN clock_timestamp() END, c.created_as
  FROM jsonb_to_recordset(_containers) AS c (id uuid, name text, barcode text, labware_uuid uuid, lidded boolean, removed boolean,
    created_as text, start jsonb);
  INSERT INTO placement (position_id, container_id, part, since)
  SELECT imported_slot(part.place), c.id, part.name, clock_timestamp()
  FROM jsonb_to_recordset(_containers) AS c (id uuid, removed boolean, place jsonb, lid jsonb)
  CROSS JOIN LATERAL (VALUES ('body', c.place), ('lid', c.lid)) AS part (name, place)
  WHERE NOT c.removed AND part.place IS NOT NULL;

  -- where a removed one was last is known to the log alone
  SELECT 2 * count(*) FILTER (WHERE c.removed), jsonb_object_agg(c.id, container_image(c.id) || CASE WHEN c.removed
    THEN jsonb_build_object('removed_at', NULL, 'device', c.place->'device', 'position', c.place->'position', 'lid', c.lid)
    ELSE '{}' END)
  INTO first_present, added
  FROM jsonb_to_recordset(_containers) AS c (id uuid, removed boolean, place jsonb, lid jsonb);

  this_revision := next_revision();
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, container_id, before, after, position_id, lid_position_id)
  SELECT this_revision, CASE WHEN c.removed THEN 2 * (c.nth - 1) + event.ordinal ELSE first_present + c.nth - 1 END, lab.recorded_at,
    event.kind, _by->>'actor', _by->>'reason', _by->>'request_id', c.id, event.before, event.after, imported_slot(event.place), imported_slot(event.lid)
  FROM (
    SELECT id, removed, place, lid, row_number() OVER (PARTITION BY removed ORDER BY nth) AS nth
    FROM ROWS FROM (jsonb_to_recordset(_containers) AS (id uuid, removed boolean, place jsonb, lid jsonb)) WITH ORDINALITY
      AS listed (id, removed, place, lid, nth)
  ) c
  CROSS JOIN LATERAL (VALUES
    ('added', 0, NULL, added->c.id::text, c.place, c.lid),
    ('removed', 1, added->c.id::text, container_image(c.id), NULL, NULL)) AS event (kind, ordinal, before, after, place, lid)
  CROSS JOIN lab
  WHERE c.removed OR event.kind = 'added';
END $$;

-- Experiments of which nothing was logged for a while are over, though nobody said so: orchestrators do not. Returns how many.
CREATE FUNCTION complete_experiments(_experiments uuid[], _before timestamptz, _by jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  quiet uuid;
  completed integer := 0;
BEGIN
  FOR quiet IN SELECT id FROM experiment WHERE id = ANY (_experiments) AND status = 'running' ORDER BY id FOR NO KEY UPDATE LOOP
    CONTINUE WHEN EXISTS (SELECT FROM step WHERE experiment_id = quiet AND coalesce(finish, 'infinity') >= _before);
    PERFORM change_experiment(quiet, '{"status": "completed"}', _by);
    completed := completed + 1;
  END LOOP;
  RETURN completed;
END $$;
