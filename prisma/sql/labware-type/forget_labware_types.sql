-- Takes the names of labware types out of the lists of devices and slots, and records an event for each device and slot that
-- had one. A list must not become empty, because then nothing that is described could stand there. Of a device or slot that is retired
-- nobody can say what may stand there instead; it comes back without a list. Returns how many events there were, numbered from `_ordinal`.
--
-- Locks: The caller holds the lab lock.
-- Raises: labware-type-in-use
CREATE OR REPLACE FUNCTION forget_labware_types(_names text[], _revision bigint, _ordinal integer, _audit jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  devices uuid[] := ARRAY(SELECT id FROM device WHERE labware_types && _names ORDER BY name, id);
  positions uuid[] := ARRAY(SELECT id FROM position WHERE labware_types && _names ORDER BY device_id, slot_number);
  before jsonb;
BEGIN
  PERFORM refuse_labware_types_in_use(_names);
  SELECT coalesce(jsonb_object_agg(id, device_snapshot(id)), '{}') INTO before FROM unnest(devices) AS id;
  before := before || (SELECT coalesce(jsonb_object_agg(id, position_snapshot(id)), '{}') FROM unnest(positions) AS id);
  UPDATE device d SET labware_types = nullif(ARRAY(SELECT n.name FROM unnest(d.labware_types) WITH ORDINALITY AS n (name, nth) WHERE n.name <> ALL (_names) ORDER BY n.nth), '{}'),
    version = version + 1, updated_at = command_time() WHERE d.id = ANY (devices);
  UPDATE position p SET labware_types = nullif(ARRAY(SELECT n.name FROM unnest(p.labware_types) WITH ORDINALITY AS n (name, nth) WHERE n.name <> ALL (_names) ORDER BY n.nth), '{}')
  WHERE p.id = ANY (positions);
  INSERT INTO event_log (revision, ordinal, recorded_at, kind, actor, reason, request_uuid, request_id, device_id, was, became)
  SELECT _revision, _ordinal + n.nth - 1, l.recorded_at, CASE WHEN n.nth <= cardinality(devices) THEN 'device-updated' ELSE 'position-updated' END,
    _audit->>'actor', _audit->>'reason', uuid_of_request(_audit), other_request_id(_audit), coalesce(p.device_id, n.id), before->n.id::text,
    CASE WHEN n.nth <= cardinality(devices) THEN device_snapshot(n.id) ELSE position_snapshot(n.id) END
  FROM unnest(devices || positions) WITH ORDINALITY AS n (id, nth) LEFT JOIN position p ON p.id = n.id AND n.nth > cardinality(devices) CROSS JOIN lab l;
  RETURN cardinality(devices) + cardinality(positions);
END $$;
