-- Makes labware types as the input says and deletes those that are named in `_deleted`, and records one event for each. What
-- changes is decided by the caller. Containers keep the name of a deleted type; the lists of devices and slots lose it,
-- so that no list names a type that does not exist. Returns how many events there were, numbered from `_ordinal`.
--
-- Locks: The caller holds the lab lock.
-- Raises: labware-type-in-use
CREATE OR REPLACE FUNCTION write_labware_types(_inputs json, _deleted text[], _revision bigint, _ordinal integer, _audit jsonb) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
  written integer := json_array_length(_inputs);
  forgotten integer;
BEGIN
  SELECT coalesce(jsonb_object_agg(t.name, labware_type_snapshot(t.name)), '{}') INTO before
  FROM labware_type t WHERE t.name = ANY (_deleted) OR t.name IN (SELECT name FROM json_populate_recordset(NULL::labware_type_input, _inputs));
  INSERT INTO labware_type AS known (name, ordinal, description, deep_well, height_mm, wells, lid, extra, created_at, updated_at)
  SELECT i.name, (SELECT coalesce(max(t.ordinal), 0) FROM labware_type t) + i.ordinality, i.description, coalesce(i.deep_well, false), i.height_mm, i.wells, i.lid,
    i.extra, command_time(), command_time()
  FROM ROWS FROM (json_populate_recordset(NULL::labware_type_input, _inputs)) WITH ORDINALITY AS i
  ON CONFLICT ON CONSTRAINT labware_type_pkey DO UPDATE SET description = excluded.description, deep_well = excluded.deep_well, height_mm = excluded.height_mm,
    wells = excluded.wells, lid = excluded.lid, extra = excluded.extra, version = known.version + 1, updated_at = command_time();
  DELETE FROM labware_type WHERE name = ANY (_deleted);

  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, was, became)
  SELECT _revision, _ordinal + n.ordinality - 1, l.recorded_at,
    CASE WHEN n.ordinality > written THEN 'labware-type-deleted' WHEN before ? n.name THEN 'labware-type-updated' ELSE 'labware-type-added' END,
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), before->n.name, labware_type_snapshot(n.name)
  FROM unnest(ARRAY(SELECT name FROM json_populate_recordset(NULL::labware_type_input, _inputs)) || _deleted) WITH ORDINALITY AS n (name, ordinality) CROSS JOIN lab l;
  written := written + cardinality(_deleted);
  forgotten := forget_labware_types(_deleted, _revision, _ordinal + written, _audit);
  RETURN written + forgotten;
END $$;
