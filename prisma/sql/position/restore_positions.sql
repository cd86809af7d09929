-- Makes the properties of the slots as they were at a revision, and records an event for each slot that changes. Returns
-- how many there were. Events are numbered from `_ordinal`. Without a revision it only counts. A slot that would become waste
-- while something is in it stays as it is. A list of labware types keeps only those that the lab has.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION restore_positions(_at bigint, _revision bigint, _ordinal integer, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  changed integer;
BEGIN
  WITH touched AS (
    SELECT e.device_id, (e.after->>'position')::integer AS slot_number,
      coalesce((array_agg(e.after ORDER BY e.revision DESC, e.ordinal DESC) FILTER (WHERE e.revision <= _at))[1], '{}') AS told
    FROM event e WHERE e.kind = 'position-updated' GROUP BY e.device_id, (e.after->>'position')::integer
  ),
  wanted AS (
    SELECT t.device_id, t.slot_number, coalesce((t.told->>'deep_well_suited')::boolean, false) AS deep_well_suited, (t.told->>'disposes')::boolean AS disposes_set,
      CASE WHEN jsonb_typeof(t.told->'labware_types') = 'array' THEN ARRAY(
        SELECT n.name FROM jsonb_array_elements_text(t.told->'labware_types') WITH ORDINALITY AS n (name, nth) JOIN labware_type k ON k.name = n.name ORDER BY n.nth) END AS labware_types,
      (t.told->>'max_height_mm')::double precision AS max_height_mm
    FROM touched t
  ),
  differing AS (
    SELECT p.id, w.*, coalesce(w.disposes_set, d.disposes) AS disposes, position_snapshot(p.id) AS before, row_number() OVER (ORDER BY d.name, p.slot_number) AS nth
    FROM wanted w JOIN position p ON p.device_id = w.device_id AND p.slot_number = w.slot_number JOIN device d ON d.id = p.device_id
    WHERE p.retired_at IS NULL AND d.retired_at IS NULL
      AND (p.deep_well_suited, p.disposes_set, p.labware_types, p.max_height_mm) IS DISTINCT FROM (w.deep_well_suited, w.disposes_set, w.labware_types, w.max_height_mm)
      AND NOT (coalesce(w.disposes_set, d.disposes) AND EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id))
  ),
  written AS (
    UPDATE position p SET deep_well_suited = d.deep_well_suited, disposes_set = d.disposes_set, disposes = d.disposes, labware_types = d.labware_types,
      max_height_mm = d.max_height_mm
    FROM differing d WHERE p.id = d.id AND _revision IS NOT NULL RETURNING p.id
  ),
  recorded AS (
    INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
    SELECT _revision, (_ordinal + d.nth - 1)::integer, l.recorded_at, 'position-updated', _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit),
      d.device_id, d.before, d.before || jsonb_build_object('deep_well_suited', d.deep_well_suited, 'disposes', d.disposes_set,
        'labware_types', to_jsonb(d.labware_types), 'max_height_mm', d.max_height_mm)
    FROM differing d CROSS JOIN lab l WHERE _revision IS NOT NULL
  )
  SELECT count(*) INTO changed FROM differing;
  IF _revision IS NOT NULL THEN
    PERFORM drop_reservations();
  END IF;
  RETURN changed;
END $$;
