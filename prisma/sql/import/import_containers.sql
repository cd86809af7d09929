-- Adds the containers that another system knew, under one revision: those on the platform where they are, with their
-- parked lids, and those that were removed. Each is `added` in the log as it was last known. A removed one is
-- `removed` right after, before the next is added, so that no two are in one slot at any event. `_containers` is [{
-- id, name, barcode, labware_uuid, lidded, removed, created_as, place, lid, start }]; the last three are { device,
-- position }. `place` and `lid` are null if unknown; `start` never is. If a slot is occupied, the
-- constraints refuse it.
--
-- Locks: The lab lock. The caller already holds it and has checked the slots.
CREATE OR REPLACE FUNCTION import_containers(_containers jsonb, _audit jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  this_revision bigint;
  first_present integer;
  added jsonb;
BEGIN
  PERFORM lock_lab();
  IF jsonb_array_length(_containers) = 0 THEN
    RETURN;
  END IF;
  INSERT INTO container (id, name, barcode, labware_uuid, lidded, starting_position_id, removed_at, created_as, created_at, updated_at)
  SELECT c.id, c.name, c.barcode, c.labware_uuid, c.lidded, imported_position(c.start), CASE WHEN c.removed THEN command_time() END, c.created_as,
    command_time(), command_time()
  FROM jsonb_to_recordset(_containers) AS c (id uuid, name text, barcode text, labware_uuid uuid, lidded boolean, removed boolean,
    created_as text, start jsonb);
  INSERT INTO placement (position_id, container_id, part, since)
  SELECT imported_position(part.place), c.id, part.name, command_time()
  FROM jsonb_to_recordset(_containers) AS c (id uuid, removed boolean, place jsonb, lid jsonb)
  CROSS JOIN LATERAL (VALUES ('body', c.place), ('lid', c.lid)) AS part (name, place)
  WHERE NOT c.removed AND part.place IS NOT NULL;

  -- Only the log knows where a removed container was last.
  SELECT 2 * count(*) FILTER (WHERE c.removed), jsonb_object_agg(c.id, container_snapshot(c.id) || CASE WHEN c.removed
    THEN jsonb_build_object('removed_at', NULL, 'device', c.place->'device', 'position', c.place->'position', 'lid', c.lid)
    ELSE '{}' END)
  INTO first_present, added
  FROM jsonb_to_recordset(_containers) AS c (id uuid, removed boolean, place jsonb, lid jsonb);

  this_revision := next_revision();
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, container_id, was, became, position_id, lid_position_id)
  SELECT this_revision, CASE WHEN c.removed THEN 2 * (c.nth - 1) + event.ordinal ELSE first_present + c.nth - 1 END, lab.recorded_at,
    event.kind, _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), c.id, event.before, event.after, imported_position(event.place), imported_position(event.lid)
  FROM (
    SELECT id, removed, place, lid, row_number() OVER (PARTITION BY removed ORDER BY nth) AS nth
    FROM ROWS FROM (jsonb_to_recordset(_containers) AS (id uuid, removed boolean, place jsonb, lid jsonb)) WITH ORDINALITY
      AS listed (id, removed, place, lid, nth)
  ) c
  CROSS JOIN LATERAL (VALUES
    ('added', 0, NULL, added->c.id::text, c.place, c.lid),
    ('removed', 1, added->c.id::text, container_snapshot(c.id), NULL, NULL)) AS event (kind, ordinal, before, after, place, lid)
  CROSS JOIN lab
  WHERE c.removed OR event.kind = 'added';
END $$;
