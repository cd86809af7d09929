-- Links each new event of a container to the devices that it concerns: those from which and to which the container or its lid moved, and
-- those where they stay. The events of a device are then two ranges of indexes: these links, and the events that have its id.
--
-- Locks: The command that adds the event holds the lab lock.
CREATE OR REPLACE FUNCTION link_event_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Most events are of steps, and an insert of no rows takes almost as long as one of one row.
  IF NOT EXISTS (SELECT FROM added WHERE container_id IS NOT NULL) THEN
    RETURN NULL;
  END IF;
  -- Two names can be of one device. Each is looked up as latest_device_named does it, but within the query: called for each name, that function takes
  -- longer than the rest.
  INSERT INTO event_device (device_id, revision, ordinal)
  SELECT DISTINCT found.id, e.revision, e.ordinal
  FROM added e
  CROSS JOIN LATERAL unnest(ARRAY[e.was->>'device', e.was->'lid'->>'device', e.became->>'device', e.became->'lid'->>'device']) AS named (name)
  CROSS JOIN LATERAL (SELECT d.id FROM device d WHERE d.name = named.name ORDER BY d.retired_at DESC NULLS FIRST LIMIT 1) found
  WHERE e.container_id IS NOT NULL AND found.id IS DISTINCT FROM e.device_id;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER event_links_devices AFTER INSERT ON event_log
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION link_event_devices();
