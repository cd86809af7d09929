-- Makes the properties of the slots as they were at a revision, and records an event for each slot that changes. Returns
-- how many there were. Events are numbered from `_ordinal`. Without a revision it only counts.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION restore_positions(_at bigint, _revision bigint, _ordinal integer, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  changed integer;
BEGIN
  WITH touched AS (
    SELECT e.device_id, (e.after->>'position')::integer AS slot_number,
      coalesce((array_agg((e.after->>'deep_well_suited')::boolean ORDER BY e.revision DESC) FILTER (WHERE e.revision <= _at))[1], false) AS suited
    FROM event e WHERE e.kind = 'position-updated' GROUP BY e.device_id, (e.after->>'position')::integer
  ),
  differing AS (
    SELECT p.id, t.suited, s.device_id, to_jsonb(s) AS before, row_number() OVER (ORDER BY s.device, s.position) AS nth
    FROM touched t JOIN position p ON p.device_id = t.device_id AND p.slot_number = t.slot_number JOIN position_state s ON s.id = p.id
    WHERE p.deep_well_suited <> t.suited
  ),
  written AS (
    UPDATE position p SET deep_well_suited = d.suited FROM differing d WHERE p.id = d.id AND _revision IS NOT NULL RETURNING p.id
  ),
  recorded AS (
    INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, device_id, before, after)
    SELECT _revision, (_ordinal + d.nth - 1)::integer, l.recorded_at, 'position-updated', _audit->>'actor', _audit->>'reason', _audit->>'request_id',
      d.device_id, d.before, d.before || jsonb_build_object('deep_well_suited', d.suited)
    FROM differing d CROSS JOIN lab l WHERE _revision IS NOT NULL
  )
  SELECT count(*) INTO changed FROM differing;
  RETURN changed;
END $$;
